"""One reader among a thousand who has stopped reading: what that costs the others (G7)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks import dialogues
from benchmarks.backing import Backing
from benchmarks.feed import Feed
from benchmarks.load import Broken, Subscriber, Writer, open_one, open_writers
from benchmarks.measure import Crowd, Figures, crowd, latency, percentile, warm_up
from benchmarks.record import Frozen
from benchmarks.servers import ANTEROOM, Running, serving

_FILLING = 400
_WRITERS = 8
_LONG = "The same again. " * 120
_COMFORTABLE = 0.4
"""The part of what a server can deliver at which queues do not tell more than the reader."""


class Reader(Subscriber):
    """Stops reading as soon as it has subscribed."""

    def stop(self) -> None:
        self.transport.pause_reading()

    def lost(self, why: str) -> None:
        """Being cut off is what happens to such a reader."""


async def measure(
    shared: Backing, seconds: float, others: int, deliveries_per_second: float, rounds: int
) -> Frozen:
    """The others' p99 beside a frozen reader and then without, each round with a new server."""
    per_second = min(10.0, _COMFORTABLE * deliveries_per_second / others)
    found = Frozen(others, per_second)
    for _ in range(rounds):
        await _one_round(shared, seconds, found)
    return found


async def _one_round(shared: Backing, seconds: float, found: Frozen) -> None:
    with serving(ANTEROOM, shared) as server:
        reader = await _freeze(shared, server)
        found.unsent.append(_unsent(reader))
        async with crowd(server, found.others, Figures(ANTEROOM.name, found.others)) as room:
            await warm_up(room)
            found.with_p99.append(await _p99(room, seconds, found.per_second))
            reader.leave()
            found.without_p99.append(await _p99(room, seconds, found.per_second))
            if faults := room.feed.judge():
                raise Broken(" ".join(faults))


async def _p99(room: Crowd, seconds: float, per_second: float) -> float:
    """The p99 of at least five messages, however slow the pace is."""
    seconds = max(seconds, 5 / per_second)
    return percentile(await latency(room, seconds, per_second=per_second), 0.99)


async def _freeze(shared: Backing, server: Running) -> Reader:
    """Alone in the room, it is told more than all buffers on its way can hold."""
    dialogue = dialogues.Anteroom(shared.people)
    reader = Reader(Feed(1))
    await open_one(server.port, dialogue, dialogue.subscribing(0), 0, reader)
    reader.stop()
    writers = await open_writers(server.port, dialogue, _WRITERS)
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            group.create_task(_fill(writer))
    for writer in writers:
        writer.leave()
    return reader


async def _fill(writer: Writer) -> None:
    for n in range(_FILLING // _WRITERS):
        await writer.send(f"{n} {_LONG}"[:1_900])


def _unsent(reader: Reader) -> int:
    """What the kernel holds for the reader, on both sides."""
    port = reader.transport.get_extra_info("sockname")[1]
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, near, far, _, queues, *_ = line.split()
        sent, received = (int(each, 16) for each in queues.split(":"))
        if near.endswith(f":{port:04X}"):
            total += received
        elif far.endswith(f":{port:04X}"):
            total += sent
    return total
