"""A process's live view of a topic: one for all its local followers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from weakref import WeakSet

from realtime.conf import limits
from realtime.event import Event


class Listener(Protocol):
    """Someone who wants to know when a Tail has moved."""

    def wake(self) -> None: ...


class Tail:
    """
    The newest events of a topic up to ``position``, as far as they are in memory.

    An event is taken in only if its offset is the next one. That alone gives
    order, no repeats, and healing: what is missing is read from the log.
    """

    def __init__(self, topic: str, memory: Memory) -> None:
        self.topic = topic
        self.position: int | None = None
        """The offset up to which this process has seen the topic; none before the first read."""
        self.listeners: WeakSet[Listener] = WeakSet()
        self._memory = memory
        self._events: dict[int, Event] = {}
        self.at: Callable[[int], Event | None] = self._events.get
        """The event at an offset, if it is still in memory."""
        self._heard = 0

    @property
    def is_behind(self) -> bool:
        """Whether something later than ``position`` is known to exist."""
        return self.position is not None and self._heard > self.position

    def begin(self, head: int) -> None:
        """Start at ``head``, as read from the database, unless the Tail has started already."""
        if self.position is None:
            self.position = head

    def hear(self, head: int) -> None:
        """Learn that the topic has reached ``head``."""
        self._heard = max(self._heard, head)

    def take(self, events: Iterable[Event]) -> bool:
        """
        Take in those of ``events`` that are next; drop what is known, note what is too early.

        Returns whether there were any, so that the listeners are to be woken.
        """
        moved = False
        for event in events:
            self.hear(event.offset)
            if self.position is not None and event.offset == self.position + 1:
                self._append(event)
                moved = True
        return moved

    def fill(self, events: Sequence[Event]) -> None:
        """
        Keep ``events``, a page just read from the log, for those who will replay it next.

        Nobody is told of them: they lie at or below ``position``, or are ignored.
        """
        if self.position is None or not events or events[0].offset in self._events:
            return
        oldest = self.position - limits().tail_size
        for event in events:
            if oldest < event.offset <= self.position and event.offset not in self._events:
                self._keep(event)

    def skip_to(self, position: int) -> None:
        """Go on from ``position``, where what lies before can no longer be read."""
        self._forget_all()
        self.position = position
        self.wake()

    def reset(self) -> None:
        """Forget everything: another history has begun."""
        self._forget_all()
        self.position = None
        self._heard = 0

    def forget(self, offset: int) -> None:
        """Drop one event from memory, if it is there."""
        if self._events.pop(offset, None) is not None:
            self._memory.release(self, offset)

    def wake(self) -> None:
        for listener in list(self.listeners):
            listener.wake()

    def _append(self, event: Event) -> None:
        self.position = event.offset
        self.forget(event.offset - limits().tail_size)
        self._keep(event)

    def _keep(self, event: Event) -> None:
        self._events[event.offset] = event
        self._memory.keep(self, event.offset)

    def _forget_all(self) -> None:
        for offset in list(self._events):
            self.forget(offset)


class Memory:
    """Bounds the events that all Tails of a process keep: the oldest goes first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Tail, int], None] = OrderedDict()

    def keep(self, tail: Tail, offset: int) -> None:
        self._kept[tail, offset] = None
        if len(self._kept) > limits().tails_size:
            oldest, forgotten = next(iter(self._kept))
            oldest.forget(forgotten)

    def release(self, tail: Tail, offset: int) -> None:
        self._kept.pop((tail, offset), None)
