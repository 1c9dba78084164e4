"""Everyone is cut off at once, and comes back at once, a hundred events later."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks import dialogues
from benchmarks.backing import Backing
from benchmarks.feed import Feed
from benchmarks.load import Broken, open_subscribers, open_writers
from benchmarks.record import Comeback
from benchmarks.servers import ANTEROOM, Running, serving

MISSED = 100
_TOGETHER_WITHIN = 120.0
_READS = re.compile(rb'FROM\s+"?realtime_event"?\b', re.IGNORECASE)
_STATEMENT = re.compile(rb"LOG: +(statement|execute [^:]*):")
_CURSOR = re.compile(rb'"cursor":"([^"]+)"')
_AT_ONCE = 200


async def measure(shared: Backing, clients: int) -> Comeback:
    """
    Cut ``clients`` off, write, let them all resume from where they were.

    Raises:
        Broken: If not each of them gets each event that it has missed, once and in order.

    """
    with _logging_statements(shared) as log, serving(ANTEROOM, shared) as server:
        cursor = await _be_there_and_go(server, shared, clients)
        feed = Feed(clients)
        await _write(server, feed)
        before = log.stat().st_size
        began = perf_counter()
        returning = dialogues.Anteroom(shared.people, after=cursor)
        opened = await open_subscribers(server.port, returning, feed, in_flight=_AT_ONCE)
        await feed.is_complete(_TOGETHER_WITHIN)
        seconds = perf_counter() - began
        if faults := feed.judge():
            raise Broken(" ".join(faults))
        for each in opened:
            each.leave()
        told = log.read_bytes()[before:]
    return Comeback(
        clients, MISSED, seconds, len(_READS.findall(told)), len(_STATEMENT.findall(told))
    )


async def _be_there_and_go(server: Running, shared: Backing, clients: int) -> str:
    """Follow until one message has come, and vanish; returns the cursor that came with it."""
    feed = Feed(clients)
    opened = await open_subscribers(server.port, dialogues.Anteroom(shared.people), feed)
    await _write(server, feed, 1)
    if not await feed.is_complete(_TOGETHER_WITHIN):
        raise Broken("One message did not reach everyone.")
    for each in opened:
        each.leave()
    found = _CURSOR.search(feed.wire[-1])
    if found is None:
        raise Broken("There is no cursor in an event.")
    return found[1].decode()


async def _write(server: Running, feed: Feed, messages: int = MISSED) -> None:
    (writer,) = await open_writers(server.port, server.dialogue, 1)
    for _ in range(messages):
        await writer.send(feed.write(perf_counter()))
    writer.leave()
    # The rings have been sent by now, so nothing of this is in the way of what follows.
    await asyncio.sleep(0.2)


@contextmanager
def _logging_statements(shared: Backing) -> Iterator[Path]:
    """PostgreSQL's log, which is told every statement of the sessions that begin meanwhile."""
    with shared.connect() as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
        yield shared.directory / "postgresql" / "log"
        connection.execute(f"ALTER DATABASE {name} RESET log_statement")
