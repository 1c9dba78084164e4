"""A follower: one reader's way through its topics, first replayed, then live."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils import timezone

from realtime import cursors
from realtime.cursors import Cursor
from realtime.errors import Refused
from realtime.event import Event
from realtime.gate import Gate
from realtime.log import Marks
from realtime.position import Expiry, expiry
from realtime.reader import Answer, Want
from realtime.tail import Tail


@dataclass(frozen=True, slots=True)
class Delivery:
    """The next event; ``cursor`` is the position just after it."""

    event: Event
    cursor: str


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The replay is done: what follows is live."""

    cursor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Revoked:
    """The end: the reader may no longer read, for the application's ``reason``."""

    reason: str


@dataclass(frozen=True, slots=True)
class Expired:
    """The end: the position cannot be resumed from."""

    reason: Expiry


Item = Delivery | CaughtUp | Revoked | Expired


class Source(Protocol):
    """Where a follower's events come from: the hub of its process."""

    def attach(self, topic: str, follower: Follower) -> Tail: ...

    def detach(self, follower: Follower) -> None: ...

    def begin(self, tail: Tail, head: int) -> None:
        """Let ``tail`` start at a head that was read while it was attached."""
        ...

    async def read(self, want: Want) -> Answer: ...

    def doubt(self, epoch: str) -> None:
        """Note that offsets beyond the log's end were seen, so that its history is another."""
        ...


class Follower:
    """
    An asynchronous iterator over what one reader may see of its topics.

    It holds positions and no events: these are in the Tails, or else in the log.
    A reader that does not ask for the next item therefore costs nothing and
    delays nobody. Waiting for the next item may be cancelled; nothing is lost
    with it. Iteration ends after an end of any kind. :meth:`close` it, or iterate
    inside ``async with``.
    """

    def __init__(
        self, source: Source, topics: Sequence[str], gate: Gate[Any], claim: Hashable
    ) -> None:
        self.gate = gate
        self.claim = claim
        self.topics = tuple(topics)
        self._source = source
        self._tails: dict[str, Tail] = {}
        self._offsets: dict[str, int] = {}
        self._rights_read_at: dict[str, int] = {}
        self._epoch = ""
        self._page: deque[Event] = deque()
        self._caught_up = False
        self._end: Revoked | Expired | None = None
        self._finished = False
        self._losing_rights: tuple[str, Marks] | None = None
        self._woken = asyncio.Event()

    async def open(self, after: str | None) -> None:
        """
        Begin after the cursor ``after``, or now.

        Raises:
            InvalidCursor: If the cursor is not one for these topics.
            Refused: If the gate says no.

        """
        cursor = cursors.decode(after, self.topics) if after is not None else None
        # Attach before reading: an event committed in between is either found by
        # the read or arrives in the tail, never neither.
        self._tails = {topic: self._source.attach(topic, self) for topic in self.topics}
        try:
            self._begin(cursor, await self._source.read(self._want_to_begin(cursor)))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop following; safe to call at any time, more than once."""
        self._finished = True
        self._source.detach(self)
        self.wake()

    @property
    def is_live(self) -> bool:
        """Whether the stream has begun and not ended."""
        return bool(self._offsets) and not self._finished

    @property
    def cursor(self) -> str:
        """The position just after what was delivered last."""
        offsets = tuple(self._offsets[topic] for topic in self.topics)
        return cursors.encode(Cursor(self._epoch, offsets), self.topics)

    def wake(self) -> None:
        """Look again whether there is something to deliver."""
        self._woken.set()

    def lose_rights(self, reason: str, marks: Marks) -> None:
        """End once everything up to ``marks`` is delivered: the rights were found gone there."""
        self._losing_rights = self._losing_rights or (reason, marks)
        self.wake()

    def expire(self, reason: Expiry) -> None:
        """End before the next event."""
        self._end = self._end or Expired(reason)
        self.wake()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Item:
        while not self._finished:
            self._woken.clear()
            item = self._next_item()
            if item is not None:
                return item
            if self._needs_the_log():
                await self._read_on()
            else:
                await self._woken.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> Follower:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _want_to_begin(self, cursor: Cursor | None) -> Want:
        offsets = dict(zip(self.topics, cursor.offsets, strict=True)) if cursor else {}
        return self._want(offsets)

    def _begin(self, cursor: Cursor | None, answer: Answer) -> None:
        if answer.refusal is not None:
            raise Refused(answer.refusal)
        heads = {topic: answer.marks[topic].head for topic in self.topics}
        for topic, tail in self._tails.items():
            self._source.begin(tail, heads[topic])
        self._epoch = cursor.epoch if cursor else answer.marks.epoch
        self._offsets = dict(zip(self.topics, cursor.offsets, strict=True)) if cursor else heads
        self._accept(answer)

    async def _read_on(self) -> None:
        answer = await self._source.read(self._want(self._offsets))
        if answer.refusal is not None:
            self._end = Revoked(answer.refusal)
        else:
            self._accept(answer)

    def _want(self, offsets: Mapping[str, int]) -> Want:
        """What the Tails do not hold, with the rights to read it."""
        pages = {
            topic: offset
            for topic, offset in offsets.items()
            if self._tails[topic].at(offset + 1) is None
        }
        return Want(self.topics, pages, self.gate, self.claim)

    def _accept(self, answer: Answer) -> None:
        """Take in a page that was read together with the rights to it."""
        reason = expiry(self._epoch, self._offsets, answer.marks) or self._gap(answer)
        if reason is not None:
            self._end = Expired(reason)
            if reason is Expiry.AHEAD:
                self._source.doubt(answer.marks.epoch)
            return
        self._rights_read_at = {topic: answer.marks[topic].head for topic in self.topics}
        for events in answer.pages.values():
            self._page.extend(events)

    def _gap(self, answer: Answer) -> Expiry | None:
        """Tell whether a page does not begin with the next event, though no floor says why."""
        for topic, events in answer.pages.items():
            following = self._offsets[topic] + 1
            found = events[0].offset if events else answer.marks[topic].head + 1
            if found > following:
                return Expiry.RETENTION
        return None

    def _needs_the_log(self) -> bool:
        """Whether there is an event to deliver that is neither at hand nor in a Tail."""
        return any(
            offset < max(self._rights_read_at[topic], self._tails[topic].position or 0)
            for topic, offset in self._offsets.items()
        )

    def _next_item(self) -> Item | None:
        """Deliver what can be delivered without waiting."""
        self._notice_lost_rights()
        if self._end is not None:
            self.close()
            return self._end
        if not self._caught_up and self._has_replayed():
            self._caught_up = True
            return CaughtUp(self.cursor, timezone.now())
        event = self._next_event()
        return None if event is None else self._deliver(event)

    def _has_replayed(self) -> bool:
        """Whether all is delivered that the log held when it was last read for this follower."""
        # Not "whether nothing is left": in a busy topic that moment may never come.
        return all(self._offsets[topic] >= head for topic, head in self._rights_read_at.items())

    def _next_event(self) -> Event | None:
        while self._page:
            event = self._page.popleft()
            if event.offset == self._offsets[event.topic] + 1:
                return event
        return next(self._events_in_tails(), None)

    def _events_in_tails(self) -> Iterator[Event]:
        for topic, tail in self._tails.items():
            event = tail.at(self._offsets[topic] + 1)
            if event is not None:
                yield event

    def _deliver(self, event: Event) -> Item:
        # What stands at or below the offset at which the rights were read is
        # history: someone removed and admitted again replays past the removal.
        is_live = event.offset > self._rights_read_at[event.topic]
        end = self.gate.ends(event, self.claim) if is_live else None
        if end is not None and not end.delivered:
            self.close()
            return Revoked(end.reason)
        self._offsets[event.topic] = event.offset
        delivery = Delivery(event, self._cursor_after(event))
        if end is not None:
            self.close()
        return delivery

    def _cursor_after(self, event: Event) -> str:
        if len(self.topics) > 1:
            return self.cursor
        return event.memoised(("cursor", self._epoch), lambda: self.cursor)

    def _notice_lost_rights(self) -> None:
        if self._losing_rights is None or self._end is not None:
            return
        reason, marks = self._losing_rights
        if all(offset >= marks[topic].head for topic, offset in self._offsets.items()):
            self._end = Revoked(reason)
