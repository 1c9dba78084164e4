"""What is left of a room that was deleted: no copy of a text, in the database or in memory."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from django.db import connection

from chat import changes, following
from chat.events import MessageSent, RoomDeleted
from realtime import hub
from realtime.delivery import Delivery
from realtime.event import Event
from realtime.follower import Follower
from realtime.hub import Hub
from tests.chat.conftest import World, world
from tests.clients import DEADLINE
from tests.realtime.conftest import in_thread, layer
from tests.realtime.layers import Counting

__all__ = ["layer", "world"]

TEXT, TITLE = "what was said 7b1f09", "as it was called 7b1f09"


def _everything() -> str:
    """Every row of every table, as text."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        assert {"chat_message", "realtime_event"} <= set(tables)
        rows: list[Any] = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {quote(table)}")  # names that the database gave
            rows += cursor.fetchall()
    return repr(rows)


def _furnish(world: World) -> None:
    world.with_member(world.bob)
    world.with_member(world.dave)
    world.asked_by(world.carol)
    changes.rename_room(world.room, title=TITLE)
    changes.rotate_join_code(world.room)
    for number in range(3):
        world.said(TEXT, client_mutation_id=f"{TEXT[-6:]}-{number}")


def test_a_deleted_room_leaves_no_text_no_title_and_no_code_in_any_table(world: World) -> None:
    _furnish(world)
    room = type(world.room).objects.get(pk=world.room.pk)
    secrets = (TEXT, TEXT[-6:], room.join_code)
    before = _everything()

    changes.delete_room(world.room)

    assert all(each in before for each in secrets)
    left = _everything()
    assert [each for each in (TEXT, room.join_code) if each in left] == []


def test_of_a_deleted_room_its_people_keep_the_title_until_their_events_are_pruned(
    world: World,
) -> None:
    """Those who came in were told it, and whoever waited is told which room turned them away."""
    _furnish(world)

    changes.delete_room(world.room)

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT topic_id FROM realtime_event WHERE kind <> 'room_left'")
        topics = {name for (name,) in cursor.fetchall()}
    assert TITLE in _everything()
    assert not [name for name in topics - {f"room.{world.room.pk}"} if "user." not in name]


async def test_a_deleted_room_leaves_no_text_in_memory(world: World, layer: Counting) -> None:
    """Neither in the Tails nor in the renderings, once its followers were told."""
    async with Hub(), asyncio.timeout(DEADLINE):
        reader = await following.follow_room(world.alice.pk, world.room.pk, after=None)
        await in_thread(world.said, TEXT)
        await _read_until(reader, MessageSent.kind)
        assert _events_with(TEXT)

        await in_thread(changes.delete_room, world.room)
        await _read_until(reader, RoomDeleted.kind)
        reader.close()
        del reader
        gc.collect()

        assert f"room.{world.room.pk}" not in hub.current()._tails
        assert _events_with(TEXT) == []


async def _read_until(reader: Follower, kind: str) -> None:
    """Read and render as a socket would."""
    async for item in reader:
        if isinstance(item, Delivery):
            item.rendered("as a test", lambda item: repr(item.event.data).encode())
            if item.event.kind == kind:
                return


def _events_with(text: str) -> list[Event]:
    # isinstance() would wake the lazy objects of requests that others have left.
    events = [each for each in gc.get_objects() if type(each) is Event]
    return [each for each in events if text in repr(each.data)]
