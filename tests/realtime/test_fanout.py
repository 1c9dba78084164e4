"""The fan-out: one channel, groups joined as long as wanted, rings merged and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime import background, fanout, memberships
from realtime.event import Event
from realtime.fanout import Fanout, events_of, ring_of
from tests.realtime.conftest import DEADLINE, eventually
from tests.realtime.layers import FAULTY, Counting, Failing, Hanging, Message, Mute

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def event(offset: int, **data: Any) -> Event:
    return Event("t", offset, "number", 2, {"n": offset, **data}, NOW)


class Heard:
    """A fan-out and all that it told."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, fanout.Message]] = []
        self.joined = 0
        self.troubles = 0
        self.told = asyncio.Event()
        self.fanout = Fanout(
            on_ring=self._on_ring, on_joined=self._on_joined, on_trouble=self._on_trouble
        )

    def _on_ring(self, group: str, ring: fanout.Message) -> None:
        self.rings.append((group, ring))

    def _on_joined(self) -> None:
        self.joined += 1

    def _on_trouble(self) -> None:
        self.troubles += 1

    def heads(self) -> list[int]:
        return [ring["head"] for _, ring in self.rings]


@pytest.fixture
async def heard(layer: Counting, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heard]:
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)
    heard = Heard()
    await heard.fanout.start()
    yield heard
    async with asyncio.timeout(DEADLINE):
        await heard.fanout.stop()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_a_ring_carries_its_event_whole(data: dict[str, Any]) -> None:
    sent = Event("t", 3, "kind", 2, data, NOW)

    ring = ring_of("epoch", sent)

    assert events_of("t", ring) == [sent]
    assert (ring["epoch"], ring["head"]) == ("epoch", 3)


@pytest.mark.limits(ring_event_bytes=100)
def test_a_large_event_is_announced_and_not_carried() -> None:
    ring = ring_of("epoch", event(3, text="x" * 100))

    assert events_of("t", ring) == []
    assert ring["head"] == 3


@given(st.permutations(range(1, 6)), st.integers(0, 5))
def test_merged_rings_say_all_that_they_said(order: list[int], large: int) -> None:
    rings = [ring_of("e", event(offset)) for offset in order]
    for ring in rings:
        if ring["head"] == large:
            ring["events"] = []

    merged = rings[0]
    for ring in rings[1:]:
        merged = fanout._merged(merged, ring)

    assert merged["head"] == 5
    assert [each.offset for each in events_of("t", merged)] == [
        offset for offset in range(1, 6) if offset != large
    ]


def test_a_merged_ring_is_bounded() -> None:
    """G7: what is too much is announced and read from the log."""
    merged: fanout.Message = ring_of("e", event(1))

    for offset in range(2, 1_000):
        merged = fanout._merged(merged, ring_of("e", event(offset)))
        assert len(merged["events"]) <= 50

    assert merged["head"] == 999


def test_of_two_histories_the_newer_is_rung() -> None:
    merged = fanout._merged(ring_of("old", event(9)), ring_of("new", event(1)))

    assert merged == ring_of("new", event(1))


async def test_a_ring_is_heard_by_those_who_joined(heard: Heard, layer: Counting) -> None:
    heard.fanout.join("t")
    await eventually(lambda: heard.joined == 1)

    heard.fanout.ring_soon("t", ring_of("e", event(1)))
    heard.fanout.ring_soon("other", ring_of("e", event(2)))

    await eventually(lambda: len(layer.sent) == 2)
    await eventually(lambda: heard.heads() == [1])
    assert len(layer.channels_made) == 1


async def test_rings_of_one_group_that_wait_are_sent_as_one(heard: Heard, layer: Counting) -> None:
    for offset in range(1, 6):
        heard.fanout.ring_soon("t", ring_of("e", event(offset)))

    await eventually(lambda: layer.sent != [])
    assert [message["head"] for _, message in layer.sent] == [5]


async def test_the_outbox_is_bounded(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """G7."""
    monkeypatch.setattr(fanout, "_OUTBOX_GROUPS", 10)

    for number in range(50):
        heard.fanout._post(f"t.{number}", {})

    assert len(heard.fanout._outbox) == 10


async def test_memberships_become_what_is_wanted_last(heard: Heard, layer: Counting) -> None:
    """In whatever moment of joining and leaving the wish changes."""
    for steps in range(15):
        heard.fanout.join("t")
        for _ in range(steps):
            await asyncio.sleep(0)
        heard.fanout.leave("t")
        for _ in range(steps % 4):
            await asyncio.sleep(0)
        heard.fanout.join("u")
        await eventually(lambda: set(layer.groups) == {"u"})
        heard.fanout.leave("u")
        for _ in range(steps % 3):
            await asyncio.sleep(0)
        heard.fanout.join("u")
        heard.fanout.join("t")
        await eventually(lambda: set(layer.groups) == {"t", "u"})
        heard.fanout.leave("t")
        heard.fanout.leave("u")
        await eventually(lambda: not layer.groups)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memberships are renewed all the time."""
    monkeypatch.setattr(memberships, "_RENEWAL_INTERVAL", 0.01)


async def test_memberships_are_renewed_before_a_layer_forgets_them(
    often: None, heard: Heard, layer: Counting
) -> None:
    heard.fanout.join("t")
    await eventually(lambda: "t" in layer.groups)

    layer.groups.clear()

    await eventually(lambda: "t" in layer.groups)


@pytest.mark.limits(ring_deadline=0.02)
@pytest.mark.parametrize("layer", [Failing, Hanging], indirect=True)
async def test_trouble_is_told_and_what_could_not_be_rung_is_dropped(heard: Heard) -> None:
    """G6, G7."""
    heard.fanout.join("t")

    for offset in range(1, 50):
        heard.fanout.ring_soon(f"t.{offset}", ring_of("e", event(offset)))

    await eventually(lambda: heard.troubles > 0)
    await eventually(lambda: not heard.fanout._outbox)


@pytest.mark.parametrize("layer", [Failing], indirect=True)
async def test_a_layer_that_comes_back_is_used_again(
    heard: Heard, layer: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1: across a restart of Redis."""
    heard.fanout.join("t")
    await eventually(lambda: heard.troubles > 1)

    for name in ("receive", "group_add", "group_discard", "group_send"):
        monkeypatch.setattr(Failing, name, getattr(Counting, name))
    await eventually(lambda: heard.joined > 0)
    heard.fanout.ring_soon("t", ring_of("e", event(1)))

    await eventually(lambda: heard.heads() == [1])


async def test_a_message_that_cannot_be_read_stops_nothing(heard: Heard, layer: Counting) -> None:
    heard.fanout.join("t")
    await eventually(lambda: heard.joined == 1)

    await layer.group_send("t", {"type": "ring"})
    await layer.group_send("t", {"type": "ring", "group": "t", "head": 1})

    await eventually(lambda: heard.heads() == [1])


async def test_a_group_that_cannot_be_joined_loses_no_ring_of_another(
    heard: Heard, layer: Counting
) -> None:
    heard.fanout.join("not a group's name!")

    for number in range(10):
        seen = heard.troubles
        heard.fanout._post(f"t.{number}", ring_of("e", event(1)))
        await eventually(lambda seen=seen: heard.troubles > seen)  # type: ignore[misc]  # a default binds

    await eventually(lambda: len(layer.sent) == 10)


class Slow(Counting):
    """Takes some steps for everything."""

    steps = 0

    async def group_add(self, group: str, channel: str) -> None:
        await self._think()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        await self._think()
        await super().group_discard(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        await self._think()
        await super().group_send(group, message)

    async def _think(self) -> None:
        for _ in range(self.steps):
            await asyncio.sleep(0)


@pytest.mark.parametrize("layer", [Slow], indirect=True)
async def test_stopping_at_any_moment_ends_all_tasks(layer: Slow) -> None:
    """A task that missed its cancellation would keep the process from ending."""
    for steps in range(40):
        layer.steps = steps % 3
        heard = Heard()
        await heard.fanout.start()
        heard.fanout.join("t")
        heard.fanout.ring_soon("t", ring_of("e", event(1)))
        for _ in range(steps):
            await asyncio.sleep(0)
        heard.fanout.leave("t")
        heard.fanout.join("u")
        for _ in range(steps % 7):
            await asyncio.sleep(0)

        async with asyncio.timeout(DEADLINE):
            await heard.fanout.stop()

        assert all(task.done() for task in heard.fanout._tasks)


@pytest.mark.parametrize("layer", FAULTY, indirect=True)
async def test_stopping_waits_for_no_layer(layer: Counting) -> None:
    heard = Heard()
    await heard.fanout.start()
    heard.fanout.join("t")
    heard.fanout.ring_soon("t", ring_of("e", event(1)))
    for _ in range(5):
        await asyncio.sleep(0)

    async with asyncio.timeout(DEADLINE):
        await heard.fanout.stop()

    assert all(task.done() for task in heard.fanout._tasks)


@pytest.mark.parametrize("layer", [Mute], indirect=True)
async def test_a_layer_without_a_channel_for_us_can_still_be_rung(
    heard: Heard, layer: Counting
) -> None:
    sent = asyncio.Event()

    async def group_send(group: str, message: Message) -> None:
        sent.set()

    layer.group_send = group_send  # type: ignore[method-assign]  # this one answers
    heard.fanout.ring_soon("t", ring_of("e", event(1)))

    async with asyncio.timeout(DEADLINE):
        await sent.wait()


class Asked(Hanging):
    """Never answers, and tells that it was asked to ring."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def group_send(self, group: str, message: Message) -> None:
        self.asked.set()
        await self._answer()


@pytest.mark.limits(ring_deadline=0.05)
@pytest.mark.parametrize("layer", [Asked], indirect=True)
async def test_a_layer_that_hangs_does_not_seem_to_work_again(
    heard: Heard, layer: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    """What was to be rung meanwhile is lost too; that nothing is left to ring is no success."""
    caplog.set_level("INFO", "realtime.background")

    for trouble in range(1, 4):
        layer.asked.clear()
        heard.fanout.ring_soon("t", {"head": trouble})
        await layer.asked.wait()
        heard.fanout.ring_soon("u", {"head": trouble})
        await eventually(lambda: heard.troubles >= trouble)  # noqa: B023  # awaited at once
        await eventually(lambda: not heard.fanout._outbox_filled.is_set())

    said = [each.getMessage() for each in caplog.records if each.name == "realtime.background"]
    assert said == ["Ringing fails and will be tried again: TimeoutError()"]
