"""What is measured of one server and one number of subscribers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from benchmarks.cores import Stopwatch, machine_load, resident_bytes
from benchmarks.feed import Feed
from benchmarks.load import Broken, Subscriber, Writer, open_subscribers, open_writers
from benchmarks.servers import Running

WRITERS = 8
DRAINED_WITHIN = 60.0
_SETTLED = 1.0
"""Seconds after the last subscription; a channel layer returns before Redis has subscribed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One measurement of throughput; CPU in seconds."""

    events: int
    deliveries: int
    seconds: float
    server_cpu: float
    load_cpu: float

    @property
    def per_second(self) -> float:
        return self.deliveries / self.seconds


@dataclass(slots=True)
class Figures:
    """All that was found out about one server with so many subscribers."""

    server: str
    subscribers: int
    connects_per_second: float = 0.0
    connect_load_share: float = 0.0
    connect_server_cpu: float = 0.0
    bytes_per_socket: float = 0.0
    rates: list[Rate] = field(default_factory=list)
    latency_p50: float | None = None
    latency_p99: float | None = None
    lost: int = 0
    faults: list[str] = field(default_factory=list)
    machine_load: float = 0.0

    @property
    def deliveries_per_second(self) -> float:
        return median(rate.per_second for rate in self.rates) if self.rates else 0.0

    @property
    def load_share(self) -> float:
        """The part of its core that the load took while the server worked its hardest."""
        return max((rate.load_cpu / rate.seconds for rate in self.rates), default=0.0)

    @property
    def cpu_per_event(self) -> float:
        return median(rate.server_cpu / rate.events for rate in self.rates)

    @property
    def cpu_per_delivery(self) -> float:
        return median(rate.server_cpu / rate.deliveries for rate in self.rates)


@dataclass(slots=True)
class Crowd:
    """Subscribers of one room, and those who write there."""

    server: Running
    feed: Feed
    subscribers: Sequence[Subscriber]
    writers: Sequence[Writer]

    async def send(self, writer: Writer) -> None:
        await writer.send(self.feed.write(perf_counter()), within=DRAINED_WITHIN)

    def leave(self) -> None:
        for subscriber in self.subscribers:
            subscriber.leave()
        for writer in self.writers:
            writer.leave()


@asynccontextmanager
async def crowd(server: Running, subscribers: int, figures: Figures) -> AsyncIterator[Crowd]:
    """Connect everyone, as fast as the server lets them; notes how fast, and how much memory."""
    feed = Feed(subscribers)
    writers = await open_writers(server.port, server.dialogue, WRITERS)
    before = resident_bytes(server.pid)
    with Stopwatch(server.pid) as watch:
        opened = await open_subscribers(server.port, server.dialogue, feed)
    figures.connects_per_second = subscribers / watch.seconds
    figures.connect_load_share = watch.load_cpu / watch.seconds
    figures.connect_server_cpu = watch.server_cpu / subscribers
    await asyncio.sleep(_SETTLED)
    figures.bytes_per_socket = (resident_bytes(server.pid) - before) / subscribers
    figures.machine_load = machine_load()
    made = Crowd(server, feed, opened, writers)
    try:
        yield made
    finally:
        made.leave()


async def warm_up(crowd: Crowd) -> None:
    """A few messages to everyone, as many as may be under way."""
    for writer in crowd.writers[: window(crowd.feed.subscribers)]:
        await crowd.send(writer)
    await crowd.feed.is_complete(DRAINED_WITHIN)


async def throughput(crowd: Crowd, seconds: float) -> Rate:
    """
    Write for so long, as fast as the room is told, and wait until all have been told all.

    Only so many messages are under way at a time, or the servers would only queue them.
    """
    feed, under_way = crowd.feed, window(crowd.feed.subscribers)
    events, deliveries = feed.sent, feed.total
    with Stopwatch(crowd.server.pid) as watch:
        end = perf_counter() + seconds
        async with asyncio.TaskGroup() as group:
            for writer in crowd.writers:
                group.create_task(_write_until(end, crowd, writer, under_way))
        await feed.is_complete(DRAINED_WITHIN)
    return Rate(
        feed.sent - events,
        feed.total - deliveries,
        watch.seconds,
        watch.server_cpu,
        watch.load_cpu,
    )


def window(subscribers: int) -> int:
    """How many messages may be under way: some 10,000 deliveries, and never fewer than 3."""
    return max(3, min(16, 10_000 // subscribers))


async def _write_until(end: float, crowd: Crowd, writer: Writer, under_way: int) -> None:
    feed = crowd.feed
    while perf_counter() < end:
        room_at = feed.due - (under_way - 1) * feed.subscribers
        if feed.total < room_at:
            await _until(feed, room_at, end)
            continue
        await crowd.send(writer)


async def _until(feed: Feed, deliveries: int, end: float) -> None:
    # Eight writers wait for the same: a look each millisecond is cheaper than a queue.
    while feed.total < deliveries and perf_counter() < end:  # noqa: ASYNC110  # as it says
        await asyncio.sleep(0.001)


async def latency(crowd: Crowd, seconds: float, *, per_second: float = 10.0) -> list[float]:
    """Seconds from writing a message to its arrival, for each delivery, at an even pace."""
    feed = crowd.feed
    feed.latencies = type(feed.latencies)("d")
    feed.is_timed = True
    start = perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(int(seconds * per_second)):
            await asyncio.sleep(start + n / per_second - perf_counter())
            group.create_task(crowd.send(crowd.writers[n % len(crowd.writers)]))
    await feed.is_complete(DRAINED_WITHIN)
    feed.is_timed = False
    return sorted(feed.latencies)


def note_latency(figures: Figures, ordered: Sequence[float]) -> None:
    figures.latency_p50 = percentile(ordered, 0.50)
    figures.latency_p99 = percentile(ordered, 0.99)


def percentile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def check(crowd: Crowd, figures: Figures) -> None:
    """
    Look at the account of the room.

    Raises:
        Broken: If something is wrong with it, unless the server promises nothing.

    """
    figures.lost = crowd.feed.missing
    figures.faults = crowd.feed.judge()
    if figures.faults and not crowd.server.kind.loses:
        raise Broken(f"{crowd.server.kind.label}: " + " ".join(figures.faults))
