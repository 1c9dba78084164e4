"""The account of one room: what was sent, and what every subscriber was told of it."""

from __future__ import annotations

import asyncio
from array import array
from itertools import count

MARK = b"~"
DIGITS = 8
_FILLING = " What is said in the room is heard in the room, by all, once."


class Feed:
    """
    Each message bears a number; :class:`benchmarks.load.Subscriber` reports all that it
    is told here. Whoever is first to be told its k-th message sets what the k-th is for
    all: every other subscriber must be told the same.
    """

    def __init__(self, subscribers: int) -> None:
        self.subscribers = subscribers
        self.total = 0
        """How many deliveries there were."""
        self.order: list[int] = []
        """The number of each message, in the order in which the room was told."""
        self.wire: list[bytes] = []
        """Their frames."""
        self.sent_at: dict[int, float] = {}
        self.latencies = array("d")
        self.is_timed = False
        self.faults: list[str] = []
        self.target = 0
        """At how many deliveries :meth:`reached` is to be called."""
        self._numbers = count(1)
        self._reached = asyncio.Event()

    @property
    def sent(self) -> int:
        return len(self.sent_at)

    @property
    def due(self) -> int:
        return self.sent * self.subscribers

    @property
    def missing(self) -> int:
        return self.due - self.total

    def write(self, now: float) -> str:
        """The text of the next message, which is sent ``now``."""
        number = next(self._numbers)
        self.sent_at[number] = now
        return f"~{number:0{DIGITS}}~{_FILLING}"

    def note(self, place: int, number: int, frame: bytes) -> None:
        """Somebody was told ``number`` in this ``place``, by a frame that was not expected."""
        if place < len(self.order):
            if self.order[place] != number:
                self.complain(f"{number} came where {self.order[place]} was due.")
        else:
            self.order.append(number)
            self.wire.append(frame)

    def complain(self, fault: str) -> None:
        if len(self.faults) < 20:
            self.faults.append(fault)

    def reached(self) -> None:
        self._reached.set()
        self.target = 1 << 62

    async def wait_for(self, deliveries: int, seconds: float) -> bool:
        """Wait until so many deliveries were made; tells whether they were, in time."""
        self._reached.clear()
        self.target = deliveries
        if self.total < deliveries:
            try:
                async with asyncio.timeout(seconds):
                    await self._reached.wait()
            except TimeoutError:
                return False
        return True

    async def is_complete(self, seconds: float) -> bool:
        """Wait until everyone has been told everything; tells whether that came true."""
        return await self.wait_for(self.due, seconds)

    def judge(self) -> list[str]:
        """Say what is wrong, now that everything should have arrived."""
        faults = list(self.faults)
        if self.missing:
            faults.append(f"{self.missing:,} of {self.due:,} deliveries are missing.")
        if sorted(self.order) != sorted(self.sent_at):
            faults.append("What was told is not what was sent.")
        return faults
