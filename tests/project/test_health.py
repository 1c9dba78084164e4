"""The health answers: alive, ready, degraded, unavailable."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import OperationalError
from django.test import AsyncClient

from project import health
from project.logs import Changes
from realtime.hub import Hub
from tests.backends import Redis
from tests.realtime.layers import Counting, Failing, Hanging

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub() as hub:
        yield hub


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What answers is waited for, however busy the machine is."""
    monkeypatch.setattr(health, "DEADLINE", 20.0)


@pytest.fixture(autouse=True)
def _nothing_told_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        health, "_changes", Changes(logging.getLogger("project.health"), good="ready")
    )


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Redis]]:
    """Three Redis servers."""
    hosts = [Redis(tmp_path) for _ in range(3)]
    for each in hosts:
        each.start()
    yield hosts
    for each in hosts:
        each.kill()


@pytest.fixture
async def sharded(hosts: list[Redis], settings: Any) -> AsyncIterator[RedisPubSubChannelLayer]:
    """A layer over them all."""
    config = {"hosts": [each.url for each in hosts]}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": config}
    }
    layer = RedisPubSubChannelLayer(**config)
    channel_layers.set("default", layer)
    yield layer
    await layer.flush()


async def _status() -> str:
    return str((await AsyncClient().get("/readyz")).json()["status"])


async def test_a_living_process_says_so_without_asking_anyone() -> None:
    answer = await AsyncClient().get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.usefixtures("hub")
async def test_a_process_with_all_it_needs_is_ready() -> None:
    answer = await AsyncClient().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "channel_layer": "ok"}


@pytest.mark.usefixtures("hub")
async def test_a_database_that_is_away_makes_it_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(health, "_check_database", fail)

    answer = await AsyncClient().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "database": "fails",
        "channel_layer": "ok",
    }


@pytest.mark.usefixtures("hub")
async def test_pending_migrations_make_it_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise health.MigrationsPending

    monkeypatch.setattr(health, "_require_migrations", fail)

    answer = await AsyncClient().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == "migrations pending"


@pytest.mark.parametrize("layer", [Failing, Hanging], ids=["failing", "hanging"])
@pytest.mark.usefixtures("hub")
async def test_a_channel_layer_that_is_away_makes_it_degraded_and_no_more(
    layer: type[Counting],
) -> None:
    channel_layers.set("default", layer())

    answer = await AsyncClient().get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": "ok", "channel_layer": "fails"}


@pytest.mark.parametrize("number", range(3))
@pytest.mark.usefixtures("hub", "sharded")
async def test_any_of_several_hosts_that_is_away_makes_it_degraded(
    hosts: list[Redis], number: int
) -> None:
    assert await _status() == "ready"

    hosts[number].stop()
    status = await _status()
    hosts[number].start()

    assert status == "degraded"


@pytest.mark.usefixtures("sharded", "hub")
async def test_hosts_that_were_restarted_are_ready_at_the_first_question(
    hosts: list[Redis],
) -> None:
    """Though the connections that were held died with them."""
    assert await _status() == "ready"

    for each in hosts:
        each.kill()
        each.start()

    assert await _status() == "ready"


@pytest.mark.usefixtures("hub")
async def test_the_log_tells_of_changes_and_not_of_each_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    def fail() -> None:
        raise OperationalError("away")

    with monkeypatch.context() as away:
        away.setattr(health, "_check_database", fail)
        for _ in range(3):
            assert await _status() == "unavailable"
    for _ in range(3):
        assert await _status() == "ready"

    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "This process is unavailable (database: fails, channel_layer: ok)."),
        ("INFO", "This process is ready (database: ok, channel_layer: ok)."),
    ]


@pytest.mark.usefixtures("hub")
async def test_a_question_that_makes_no_sense_is_still_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await AsyncClient().post("/readyz")

    assert [each.name for each in caplog.records] == ["django.request"]
