"""Delivering without a task: items go straight from the Tail to where they are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from realtime.follower import Follower, Item

_AT_ONCE = 16
"""Items that are written in one go."""


class Room(Protocol):
    """The place that sinks share: what one has filled, no other may take."""

    @property
    def has_room(self) -> bool:
        """Whether anything may be taken now."""
        ...

    def when_room(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once, on the event loop, when there may be room again."""
        ...


class Sink(Protocol):
    """Where a follower's items go. Nothing here may wait, and only :meth:`take` may raise."""

    def take(self, items: Sequence[Item]) -> bool:
        """Take all of ``items`` and tell whether there is room for more."""
        ...

    def end(self) -> None:
        """All has been taken that there will ever be."""
        ...

    def fail(self, error: Exception) -> None:
        """The stream cannot go on; nothing more comes."""
        ...


class Flow:
    """
    Gives ``sink`` all that ``follower`` may deliver, as soon as it can be delivered and
    there is ``room``; :meth:`start` it once.

    A sink without room costs a position and delays nobody: the flow goes on from the
    Tail, or else from the log, when there is room.
    """

    __slots__ = ("_follower", "_held", "_is_over", "_reading", "_room", "_sink")

    def __init__(self, follower: Follower, sink: Sink, room: Room) -> None:
        self._follower = follower
        self._sink = sink
        self._room = room
        self._reading: asyncio.Task[None] | None = None
        self._held = False
        """Whether it reads the log or waits for room."""
        self._is_over = False

    def start(self) -> None:
        self._follower.wake = self._go_on
        self._go_on()

    def close(self) -> None:
        """Deliver nothing more, and tell the sink nothing; safe to call more than once."""
        self._is_over = True
        self._follower.close()
        if self._reading is not None:
            self._reading.cancel()

    def _go_on(self) -> None:
        if self._held or self._is_over:
            return
        try:
            self._deliver()
        except Exception as error:  # noqa: BLE001  # one stream's trouble is not its neighbours'
            self._fail(error)

    def _deliver(self) -> None:
        has_room = self._room.has_room
        while has_room and (items := self._follower.take(_AT_ONCE)):
            has_room = self._sink.take(items)
            if len(items) < _AT_ONCE:
                break
        if not has_room:
            self._held = True
            self._room.when_room(self._resume)
        elif self._follower.is_over:
            self._end()
        elif self._follower.needs_the_log:
            self._held = True
            self._reading = asyncio.create_task(self._read_on())

    def _end(self) -> None:
        # Whatever the sink took may have closed us, and then it is told nothing.
        if not self._is_over:
            self._is_over = True
            self._sink.end()

    async def _read_on(self) -> None:
        try:
            await self._follower.read_on()
        except Exception as error:  # noqa: BLE001  # as above
            self._fail(error)
        else:
            self._reading = None
            self._resume()

    def _resume(self) -> None:
        self._held = False
        self._go_on()

    def _fail(self, error: Exception) -> None:
        self.close()
        self._sink.fail(error)
