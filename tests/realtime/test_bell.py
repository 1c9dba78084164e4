"""The bell: never raises, never waits, and works with and without a hub."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from channels.layers import channel_layers

from realtime import bell, log
from realtime.fanout import Fanout
from realtime.hub import Hub
from tests.realtime.conftest import DEADLINE, awrite, eventually, in_thread, write
from tests.realtime.layers import FAULTY, Counting, Failing, Hanging

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _remote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("realtime.fanout.reaches_other_processes", lambda: True)


@pytest.mark.usefixtures("_remote")
def test_a_process_that_serves_nobody_rings_for_the_others(layer: Counting) -> None:
    """G4: a change in a shell is seen live."""
    write("t", 7)

    assert [(group, sent["head"]) for group, sent in layer.sent] == [("t", 1)]


def test_a_process_that_serves_nobody_does_not_ring_a_layer_that_ends_with_it(
    layer: Counting,
) -> None:
    write("t", 7)

    assert layer.sent == []


@pytest.mark.usefixtures("_remote")
@pytest.mark.limits(ring_deadline=0.05)
@pytest.mark.parametrize("layer", [Failing, Hanging], indirect=True)
def test_a_shell_gives_up_a_ring_at_the_deadline(
    layer: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    """G6: the change is made all the same."""
    begun = time.monotonic()

    write("t", 1, 2)
    bell.ring_group("sessions")

    assert time.monotonic() - begun < 5
    assert log.marks(["t"])["t"].head == 2
    assert caplog.text.count("A ring was lost") == 3


@pytest.mark.usefixtures("_remote")
async def test_ringing_from_a_coroutine_without_a_hub_loses_a_ring_and_nothing_else(
    layer: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    bell.ring_group("sessions")

    assert "A ring was lost" in caplog.text


@pytest.mark.parametrize("layer", FAULTY, indirect=True)
async def test_no_layer_makes_a_change_wait_or_fail(layer: Counting, hub: Hub) -> None:
    """G6: twenty changes that waited for their rings would take twenty seconds."""
    begun = time.monotonic()

    await awrite("t", *range(20))

    assert time.monotonic() - begun < 10
    assert (await in_thread(log.marks, ["t"]))["t"].head == 20


async def test_a_group_is_heard_from_any_thread(hub: Hub, layer: Counting) -> None:
    heard = asyncio.Event()
    hub.listen("sessions", heard.set)
    await eventually(lambda: "sessions" in layer.groups)

    threading.Thread(target=bell.ring_group, args=["sessions"]).start()

    async with asyncio.timeout(DEADLINE):
        await heard.wait()


def test_a_ring_after_the_event_loop_has_closed_is_lost_without_a_word() -> None:
    async def serve() -> Fanout:
        fanout = Fanout(on_ring=ignore, on_joined=ignore, on_trouble=ignore)
        await fanout.start()
        await fanout.stop()
        return fanout

    channel_layers.set("default", Counting())
    fanout = asyncio.run(serve())

    bell.hang(fanout)
    try:
        bell.ring_group("sessions")
    finally:
        bell.take_down(fanout)


def ignore(*_: Any) -> None:
    pass
