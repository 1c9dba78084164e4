"""A follower: one reader's way through its topics, first replayed, then live."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from realtime import cursors
from realtime.cursors import Cursor
from realtime.delivery import CaughtUp, Delivery
from realtime.errors import Refused, UnknownEvent
from realtime.event import Event
from realtime.gate import Gate
from realtime.log import Marks
from realtime.position import Expiry, expiry
from realtime.reader import Answer, Want
from realtime.tail import Tail


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

    def caught_up(self, cursor: str) -> CaughtUp:
        """Return the mark of a replay that is done at ``cursor``, now."""
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
    inside ``async with``. To be called back instead of waiting, see
    :class:`realtime.flow.Flow`.
    """

    __slots__ = (
        "__weakref__",
        "_caught_up",
        "_end",
        "_epoch",
        "_losing_rights",
        "_page",
        "_places",
        "_source",
        "claim",
        "gate",
        "is_over",
        "topics",
        "wake",
    )

    def __init__(
        self, source: Source, topics: Sequence[str], gate: Gate[Any], claim: Hashable
    ) -> None:
        self.gate = gate
        self.claim = claim
        self.topics = tuple(topics)
        self.is_over = False
        """Whether the stream has ended, by its last item or by :meth:`close`."""
        self.wake: Callable[[], None] = _nobody_waits
        """What to call when there may be something to deliver; whoever waits puts it here."""
        self._source = source
        self._places: tuple[_Place, ...] = ()
        self._epoch = ""
        self._page: deque[Event] | None = None
        self._caught_up = False
        self._end: Revoked | Expired | None = None
        self._losing_rights: tuple[str, Marks] | None = None

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
        offsets = cursor.offsets if cursor else [0] * len(self.topics)
        tails = [self._source.attach(topic, self) for topic in self.topics]
        places = tuple(map(_Place, tails, offsets))
        try:
            want = self._want(places, replay=cursor is not None)
            self._begin(cursor, await self._source.read(want), places)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop following; safe to call at any time, more than once."""
        self._finish()
        self.wake()

    @property
    def is_live(self) -> bool:
        """Whether the stream has begun and not ended."""
        return bool(self._places) and not self.is_over

    @property
    def cursor(self) -> str:
        """The position just after what was delivered last."""
        offsets = tuple(place.offset for place in self._places)
        return cursors.encode(Cursor(self._epoch, offsets), self.topics)

    def lose_rights(self, reason: str, marks: Marks) -> None:
        """End once everything up to ``marks`` is delivered: the rights were found gone there."""
        self._losing_rights = self._losing_rights or (reason, marks)
        self.wake()

    def expire(self, reason: Expiry) -> None:
        """End before the next event."""
        self._end = self._end or Expired(reason)
        self.wake()

    def take(self, most: int) -> list[Item]:
        """
        Return the next items, as many as can be had without waiting.

        Raises:
            UnknownEvent: If the very next event is one that this process cannot read.

        """
        items: list[Item] = []
        try:
            while len(items) < most and (item := self._next_item()) is not None:
                items.append(item)
        except UnknownEvent:
            # It is met again by the next call; what comes before it can be told.
            if not items:
                raise
        return items

    @property
    def needs_the_log(self) -> bool:
        """Whether there is an event to deliver that is neither at hand nor in a Tail."""
        if self.is_over:
            return False
        for place in self._places:  # on the way of every delivery; any() takes longer
            if place.offset < place.rights_read_at or place.offset < (place.tail.position or 0):
                return True
        return False

    async def read_on(self) -> None:
        """Read what the Tails no longer hold, and the rights to it."""
        answer = await self._source.read(self._want(self._places, replay=True))
        if answer.refusal is not None:
            self._end = Revoked(answer.refusal)
        else:
            self._accept(answer)

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Item:
        while not self.is_over:
            woken = asyncio.Event()
            self.wake = woken.set
            item = self._next_item()
            if item is not None:
                return item
            if self.needs_the_log:
                await self.read_on()
            else:
                await woken.wait()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.close()

    async def __aenter__(self) -> Follower:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def _begin(self, cursor: Cursor | None, answer: Answer, places: tuple[_Place, ...]) -> None:
        if answer.refusal is not None:
            raise Refused(answer.refusal)
        self._epoch = cursor.epoch if cursor else answer.marks.epoch
        for place in places:
            head = answer.marks[place.topic].head
            self._source.begin(place.tail, head)
            place.offset = place.offset if cursor else head
        self._places = places
        self._accept(answer)

    def _want(self, places: Sequence[_Place], *, replay: bool) -> Want:
        """What the Tails do not hold, with the rights to read it."""
        pages = {
            place.topic: place.offset
            for place in places
            if replay and place.tail.at(place.offset + 1) is None
        }
        return Want(self.topics, pages, self.gate, self.claim)

    def _accept(self, answer: Answer) -> None:
        """Take in a page that was read together with the rights to it."""
        offsets = {place.topic: place.offset for place in self._places}
        reason = expiry(self._epoch, offsets, answer.marks) or _gap(offsets, answer)
        if reason is not None:
            self._end = Expired(reason)
            if reason is Expiry.AHEAD:
                self._source.doubt(answer.marks.epoch)
            return
        for place in self._places:
            place.rights_read_at = answer.marks[place.topic].head
            place.tail.fill(answer.pages.get(place.topic, ()))
        self._page = deque(event for events in answer.pages.values() for event in events) or None

    def _next_item(self) -> Item | None:
        if self.is_over:
            return None
        if self._losing_rights is not None:
            self._notice_lost_rights()
        if self._end is not None:
            self._finish()
            return self._end
        if not self._caught_up and self._has_replayed():
            self._caught_up = True
            return self._source.caught_up(self.cursor)
        if self._page is not None and (event := self._next_of_page()) is not None:
            return self._deliver(self._place_of(event), event)
        for place in self._places:
            following = place.tail.at(place.offset + 1)
            if following is not None:
                return self._deliver(place, following)
        return None

    def _has_replayed(self) -> bool:
        """Whether all is delivered that the log held when it was last read for this follower."""
        # Not "whether nothing is left": in a busy topic that moment may never come.
        return all(place.offset >= place.rights_read_at for place in self._places)

    def _next_of_page(self) -> Event | None:
        while self._page:
            event = self._page.popleft()
            if event.offset == self._place_of(event).offset + 1:
                return event
        self._page = None
        return None

    def _place_of(self, event: Event) -> _Place:
        return self._places[self.topics.index(event.topic)]

    def _deliver(self, place: _Place, event: Event) -> Item:
        # Asked of history too: that the event cannot be read is to be known before it is told.
        ending = event.memoised(self.gate, self.gate.ending)
        # What stands at or below the offset at which the rights were read is
        # history: someone removed and admitted again replays past the removal.
        if ending is not None and event.offset > place.rights_read_at:
            end = ending(self.claim)
            if end is not None:
                self._finish()
                if not end.delivered:
                    return Revoked(end.reason)
        place.offset = event.offset
        if len(self._places) > 1:
            return self._new_delivery(event)
        # All who follow this topic alone stand at the same cursor after this event.
        return event.memoised(self._epoch, self._new_delivery)

    def _new_delivery(self, event: Event) -> Delivery:
        return Delivery(event, self.cursor)

    def _finish(self) -> None:
        self.is_over = True
        self._source.detach(self)

    def _notice_lost_rights(self) -> None:
        if self._losing_rights is None or self._end is not None:
            return
        reason, marks = self._losing_rights
        if all(place.offset >= marks[place.topic].head for place in self._places):
            self._end = Revoked(reason)


class _Place:
    """Where a follower stands in one of its topics."""

    __slots__ = ("offset", "rights_read_at", "tail")

    def __init__(self, tail: Tail, offset: int) -> None:
        self.tail = tail
        self.offset = offset
        self.rights_read_at = 0

    @property
    def topic(self) -> str:
        return self.tail.topic


def _gap(offsets: Mapping[str, int], answer: Answer) -> Expiry | None:
    """Tell whether a page does not begin with the next event, though no floor says why."""
    for topic, events in answer.pages.items():
        found = events[0].offset if events else answer.marks[topic].head + 1
        if found > offsets[topic] + 1:
            return Expiry.RETENTION
    return None


def _nobody_waits() -> None:
    return None
