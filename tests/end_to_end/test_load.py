"""
Reading does not hold up writing: SQLite has one write lock, and no query takes it.

Times are compared within one run, as ratios, so that a slow machine changes nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median

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
READING_TAKES = 0.1
"""Seconds for which each query keeps its snapshot open, as it would over a large room."""
FACTOR = 6.0
"""How much slower sending may get. With the write lock each sending waits for a query."""

_QUERY = """
query ($id: ID!) {
  room(id: $id) { title eventCursor
    messages(last: 100) { nodes { text sender { username } room { title } } }
    members(first: 100) { nodes { username } } }
}
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.only_on("sqlite")
def test_query_load_does_not_slow_the_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design, §6: queries read from BEGIN DEFERRED … ROLLBACK and never take the write lock."""
    world = World.with_people("person", 4)
    room = world.rooms[0]
    for _ in range(30):
        world.talk_in(room.pk)
    reading = _make_reading_take_time(monkeypatch)

    alone = _time_of_sending(world, room)
    with _queries_running(world, room):
        assert reading.wait(DEADLINE)
        in_company = _time_of_sending(world, room)

    assert in_company < FACTOR * alone, f"{alone * 1e3:.1f} ms became {in_company * 1e3:.1f} ms."


def _make_reading_take_time(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let each query stay in its snapshot for a while, without using the processor."""
    reading, never = threading.Event(), threading.Event()
    cursor_now = views._cursor_now

    def slow(topics: tuple[str, ...]) -> Cursor:
        cursor = cursor_now(topics)
        reading.set()
        never.wait(READING_TAKES)
        return cursor

    monkeypatch.setattr(views, "_cursor_now", slow)
    return reading


def _time_of_sending(world: World, room: Room) -> float:
    """The median, in seconds."""
    return median(_time_of(lambda: _send(world, room)) for _ in range(SENDINGS))


def _send(world: World, room: Room) -> None:
    actions.send_message(actor=world.people[0], room_id=room.pk, text="Hello")


def _time_of(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def _queries_running(world: World, room: Room) -> Iterator[None]:
    """Let some people query without a pause."""
    stop = threading.Event()

    def query() -> int:
        operation = requests.prepare(Request(_QUERY, {"id": ids.encode("Room", room.pk)}))
        done = 0
        try:
            while not stop.is_set():
                context = StreamContext(identity_of(world.people[0]))
                result = execution.run(operation, context)
                assert not result.errors, result.errors
                done += 1
        finally:
            connections.close_all()
        return done

    with ThreadPoolExecutor(READERS) as threads:
        running = [threads.submit(query) for _ in range(READERS)]
        try:
            yield
        finally:
            stop.set()
    assert all(each.result() > 0 for each in running)
