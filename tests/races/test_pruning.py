"""Pruning while somebody replays."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import pytest

from realtime import log
from realtime.hub import Hub
from realtime.retention import prune
from tests.races.turns import Transaction
from tests.realtime.conftest import (
    Door,
    HeldDoor,
    awrite,
    cursor_at,
    eventually,
    in_thread,
    rest,
    take,
    told,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.limits(page_size=2)]

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


async def test_a_page_that_is_pruned_while_it_is_read_is_whole_and_the_next_one_expires(
    hub: Hub,
) -> None:
    """G8: rights, floor and page are of one snapshot; pruning commits while it is open."""
    await awrite("t", *range(1, 9))
    door = HeldDoor()
    opening = asyncio.create_task(
        hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    )
    await eventually(door.entered.is_set)

    removed = await in_thread(prune, before=NEVER, keep=3)
    door.may_go.set()

    assert removed == 5
    assert told(await rest(await opening)) == [1, 2, "RETENTION"]


async def test_a_replay_does_not_see_a_pruning_that_is_rolled_back(hub: Hub, door: Door) -> None:
    """G1, G8: nor does it wait for one that is not committed yet."""
    await awrite("t", *range(1, 9))
    after = await cursor_at({"t": 0})

    with ExitStack() as stack:
        pruning = await in_thread(partial(stack.enter_context, Transaction()))
        removed = await in_thread(pruning.do, partial(prune, before=NEVER, keep=3))
        follower = await hub.follow(["t"], after=after, gate=door, claim="ann")
        items = await take(follower, 9)
        await in_thread(pruning.roll_back)

    assert removed == 5
    assert told(items) == [*range(1, 9), "caught up"]


async def test_who_is_live_does_not_notice_that_everything_is_pruned(hub: Hub, door: Door) -> None:
    """G1: a position at the head is above any floor, with nothing left above it."""
    await awrite("t", *range(1, 9))
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await in_thread(prune, before=NEVER, keep=0)
    again = await hub.follow(["t"], after=await cursor_at({"t": 8}), gate=door, claim="bob")
    await awrite("t", 9)

    assert told(await take(follower, 2)) == told(await take(again, 2)) == ["caught up", 9]
    assert (await in_thread(log.marks, ["t"]))["t"].floor == 8
