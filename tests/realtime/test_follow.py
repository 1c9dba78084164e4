"""Following: nothing lost, nothing twice, in order, and only with the right to it."""

from __future__ import annotations

import asyncio

import pytest

from realtime import cursors
from realtime.errors import InvalidCursor, Refused
from realtime.hub import Hub
from tests.realtime.conftest import Door, awrite, rest, take, told

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_stream_without_a_cursor_starts_now(hub: Hub, door: Door) -> None:
    await awrite("t", 1, 2)

    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 3)

    assert told(await take(follower, 2)) in (["caught up", 3], [3, "caught up"])


async def test_a_stream_replays_what_follows_its_cursor_and_goes_on_live(
    hub: Hub, door: Door
) -> None:
    first = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 1, 2, 3)
    items = await take(first, 2)
    first.close()

    second = await hub.follow(["t"], after=items[-1].cursor, gate=door, claim="ann")
    replayed = await take(second, 3)
    await awrite("t", 4)

    assert told(items) == ["caught up", 1]
    assert told(replayed) == [2, 3, "caught up"]
    assert told(await take(second, 1)) == [4]
