"""
What single deeds cost, to multiply with: ``python -m benchmarks.units`` prints seconds.

It runs in a process of its own, on the server's core and against the run's PostgreSQL
and Redis, and calls what the server calls.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from realtime.event import Event
    from realtime.fanout import Message

TOPICS = 10_000
_RINGS = 2_000
_JOINS = 2_000
_READS = 200
_SECONDS = 30.0


def main() -> None:
    import django

    django.setup()
    found = {**_of_the_database(), **asyncio.run(_of_the_bell())}
    sys.stdout.write(json.dumps(found))


def _of_the_database() -> Mapping[str, float]:
    from realtime import log, reader
    from realtime.reader import Want

    topics = _make_topics()
    want = Want((topics[0],), {topics[0]: 0})
    heads, heads_cpu = _timed(partial(log.marks, topics), 10)
    read, read_cpu = _timed(partial(reader.answer_all, [want]), _READS)
    return {"heads": heads, "heads_cpu": heads_cpu, "read": read, "read_cpu": read_cpu}


def _make_topics() -> list[str]:
    """As many topics as one process may hold, and an event in the first of them."""
    from django.db import connection, transaction

    from realtime import log

    names = [f"room.{10_000_000 + n}" for n in range(TOPICS)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_TOPICS, [names])
        cursor.execute("ANALYZE realtime_topic")
    with transaction.atomic():
        log.publish(names[0], "message_sent", _event().data)
    return names


def _timed(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The medians of the time that passes, and of this process's part of it."""
    work()
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return median(walls), median(cpus)


async def _of_the_bell() -> Mapping[str, float]:
    from realtime.fanout import Fanout, events_of

    heard = asyncio.Semaphore(0)
    joined = asyncio.Event()

    def on_ring(group: str, ring: Message) -> None:
        events_of(group, ring)
        heard.release()

    fanout = Fanout(on_ring=on_ring, on_joined=joined.set, on_trouble=_give_up)
    await fanout.start()
    try:
        async with asyncio.timeout(_SECONDS):
            sending = await _ring("nobody", None)
            joining = await _join(fanout.join, joined)
            both = await _ring("topic.0", heard)
    finally:
        await fanout.stop()
    return {"ring_sent": sending, "ring_heard": both - sending, "join": joining}


async def _ring(group: str, heard: asyncio.Semaphore | None) -> float:
    """CPU for one ring; for its reception too, if it is ``heard`` here."""
    from realtime import fanout

    event = _event()
    began = time.process_time()
    for _ in range(_RINGS):
        await fanout.ring_now(group, fanout.ring_of("epoch", event))
        if heard is not None:
            await heard.acquire()
    return (time.process_time() - began) / _RINGS


async def _join(join: Callable[[str], None], joined: asyncio.Event) -> float:
    began = time.process_time()
    for n in range(_JOINS):
        join(f"topic.{n}")
    await joined.wait()
    cost = (time.process_time() - began) / _JOINS
    # Joining returns before Redis has subscribed.
    await asyncio.sleep(1.0)
    return cost


def _give_up() -> None:
    sys.exit("The channel layer does not work.")


def _event() -> Event:
    from realtime.event import Event

    person = {"id": 1, "username": "person-1", "first_name": "", "last_name": ""}
    text = "What is said in the room is heard in the room, by all who are in it."
    message = {"id": 1, "text": text, "sender": person, "posted_at": "2026-11-22T20:00:00Z"}
    data = {"message": message, "client_mutation_id": None}
    return Event("room.1", 1, "message_sent", 1, data, datetime.now(tz=UTC))


_INSERT_TOPICS = """
    INSERT INTO realtime_topic (name, head, floor, closed)
    SELECT name, 0, 0, false FROM unnest(%s::text[]) AS name
"""

if __name__ == "__main__":
    main()
