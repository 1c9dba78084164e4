"""A process that lags behind another is not a database that was restored."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection

import pytest

from realtime import log
from realtime.follower import Delivery
from realtime.hub import Hub
from realtime.log import Marks
from tests.realtime.conftest import (
    DEADLINE,
    Door,
    awrite,
    cursor_at,
    eventually,
    in_thread,
    take,
    told,
)
from tests.realtime.layers import Counting, Dropping

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.limits(heads_interval=60.0, join_settling=60.0)
@pytest.mark.parametrize("layer", [Dropping], indirect=True)
async def test_a_cursor_of_a_quicker_process_is_fine_on_a_slower_one(
    layer: Dropping, door: Door
) -> None:
    """G8, G2: whether a position is AHEAD is asked of the database, never of a Tail."""
    async with Hub() as quick, Hub() as slow:
        before = (await in_thread(log.marks, [])).epoch
        lagging = await slow.follow(["t"], after=None, gate=door, claim="ann")
        beginning = await cursor_at({"t": 0})
        await awrite("t", 1, 2, 3)
        items = await take(await quick.follow(["t"], after=beginning, gate=door, claim="bob"), 3)
        assert isinstance(items[-1], Delivery)

        moved = await slow.follow(["t"], after=items[-1].cursor, gate=door, claim="bob")
        behind = slow._tails["t"].position
        first = told(await take(moved, 1))
        await awrite("t", 4)
        slow._check_now()

        assert behind == 0
        assert first == ["caught up"]
        assert told(await take(moved, 1)) == [4]
        assert told(await take(lagging, 5)) == ["caught up", 1, 2, 3, 4]
        assert (await in_thread(log.marks, [])).epoch == before


@pytest.mark.limits(heads_interval=60.0, join_settling=60.0)
async def test_heads_that_were_read_before_a_ring_came_do_not_tell_of_a_restore(
    hub: Hub, layer: Counting, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G8: the Tail has moved past the heads that were read, which are only older than it."""
    has_read, may_go, marks = threading.Event(), threading.Event(), log.marks

    def read_and_hold(topics: Collection[str]) -> Marks:
        found = marks(topics)
        if threading.current_thread().name.startswith("realtime_") and not may_go.is_set():
            has_read.set()
            assert may_go.wait(DEADLINE)
        return found

    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await take(follower, 1)
    before = (await in_thread(marks, [])).epoch
    await eventually(lambda: "t" in hub._fanout._memberships.joined)
    monkeypatch.setattr(log, "marks", read_and_hold)
    hub._check_now()
    await eventually(has_read.is_set)
    await awrite("t", 1)
    items = await take(follower, 1)
    may_go.set()
    await _one_more_check(hub)

    assert told(items) == [1]
    await awrite("t", 2)
    assert told(await take(follower, 1)) == [2]
    assert (await in_thread(marks, [])).epoch == before


async def _one_more_check(hub: Hub) -> None:
    """Return when a check has begun and ended after the one that is under way."""
    for _ in range(2):
        hub._check_now()
        await eventually(lambda: not hub._check_wanted.is_set())
    await asyncio.sleep(0)
