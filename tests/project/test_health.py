"""The health answers: alive, ready, degraded, unavailable."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from channels.layers import channel_layers
from django.db import OperationalError
from django.test import AsyncClient

from project import health
from realtime.hub import Hub
from tests.realtime.layers import Counting, Failing, Hanging

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with Hub() as hub:
        yield hub


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
