"""Reading does not hold up writing: SQLite has one write lock, and no query takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from chat import actions
from chat.models import Room
from schema import execution, ids, requests, views
from schema.requests import Request
from schema.transports import StreamContext
from schema.types import Cursor
from tests.clients import DEADLINE
from tests.end_to_end.deeds import World
from tests.end_to_end.replicas import identity_of

SENDINGS = 40
READERS = 3

_QUERY = """
query ($id: ID!) {
  room(id: $id) { title eventCursor
    messages(last: 100) { nodes { text sender { username } room { title } } }
    members(first: 100) { nodes { username } } }
}
"""

pytestmark = pytest.mark.django_db(transaction=True)


class Reading:
    """Queries that have read, and keep their snapshots open until they may go on."""

    def __init__(self, cursor_now: Callable[[tuple[str, ...]], Cursor]) -> None:
        self.have_all_read = threading.Barrier(READERS + 1)
        self.may_go_on = threading.Event()
        self._cursor_now = cursor_now

    def __call__(self, topics: tuple[str, ...]) -> Cursor:
        cursor = self._cursor_now(topics)
        self.have_all_read.wait(DEADLINE)
        assert self.may_go_on.wait(2 * DEADLINE)
        return cursor


@pytest.mark.only_on("sqlite")
def test_queries_keep_no_writer_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design, §6: queries read from BEGIN DEFERRED … ROLLBACK and never take the write lock."""
    world = World.with_people("person", 4)
    room = world.rooms[0]
    for _ in range(30):
        world.talk_in(room.pk)
    reading = Reading(views._cursor_now)
    monkeypatch.setattr(views, "_cursor_now", reading)

    with ThreadPoolExecutor(READERS) as threads:
        queries = [threads.submit(_query, world, room) for _ in range(READERS)]
        reading.have_all_read.wait(DEADLINE)
        for number in range(SENDINGS):
            actions.send_message(actor=world.people[0], room_id=room.pk, text=f"Hello {number}")
        were_done = [each.done() for each in queries]
        reading.may_go_on.set()

    assert were_done == [False] * READERS
    assert [each.result() for each in queries] == ["Talk 2"] * READERS


def _query(world: World, room: Room) -> str:
    """The last message, as somebody sees it whose query began before the sendings."""
    operation = requests.prepare(Request(_QUERY, {"id": ids.encode("Room", room.pk)}))
    try:
        result = execution.run(operation, StreamContext(identity_of(world.people[0])))
    finally:
        connections.close_all()
    assert not result.errors, result.errors
    assert result.data is not None
    return str(result.data["room"]["messages"]["nodes"][-1]["text"])
