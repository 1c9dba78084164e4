"""Rings are hints (G6): with a channel layer that loses all of them, events are late, not lost."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest
from channels.layers import channel_layers

from realtime.hub import Hub
from realtime.threads import DatabaseThreads
from tests.end_to_end.deeds import Deed, World
from tests.end_to_end.layers import Dropping
from tests.end_to_end.replicas import Replica

LATEST = 2.0
"""Seconds, as G6 says."""

pytestmark = pytest.mark.django_db(transaction=True)


async def test_where_every_ring_is_lost_an_event_is_at_most_two_seconds_late(
    threads: DatabaseThreads,
) -> None:
    """G6, under the limits of production: messages in a room, and requests seen by both sides."""
    channel_layers.set("default", Dropping())
    world = await threads.run(partial(World.with_people, "person", 4))
    anna, ben, cleo, _ = world.people
    room_id = (await threads.run(lambda: world.rooms[0])).pk
    pages = [Replica(threads, anna, room_id), Replica(threads, ben, room_id)]
    pages += [Replica(threads, anna), Replica(threads, cleo)]
    async with Hub():
        for page in pages:
            await page.load()
            await page.follow()

        for what in ("send", "deny", "talk", "admin: request", "admit"):
            await threads.run(partial(world.do, Deed(what, other=1)))
            committed = time.monotonic()
            for page in pages:
                await page.reach(await _cursor_now(page))
            assert max(page.told_at for page in pages) - committed <= LATEST

        for page in pages:
            assert {**page.state, "eventCursor": page.cursor} == await page.snapshot()
            await page.drop()
    assert "JoinRequestDenied" in pages[0].told
    assert "RoomJoined" in pages[3].told


async def test_an_event_just_after_the_subscription_is_not_late(threads: DatabaseThreads) -> None:
    """G6: joining a group takes effect late; the heads are read again soon after it."""
    channel_layers.set("default", Dropping())
    world = await threads.run(partial(World.with_people, "person", 4))
    room_id = (await threads.run(lambda: world.rooms[0])).pk
    page = Replica(threads, world.people[1], room_id)
    async with Hub():
        await page.load()
        await asyncio.gather(page.follow(), threads.run(partial(world.talk_in, room_id)))

        begun = time.monotonic()
        await page.reach(await _cursor_now(page))

        assert page.told_at - begun <= LATEST
        assert page.told.count("MessageSent") == 3
        await page.drop()


async def _cursor_now(page: Replica) -> str:
    shown = await page.snapshot()
    assert shown is not None
    return str(shown["eventCursor"])
