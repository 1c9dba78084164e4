"""Reading the log for all followers of a process: many wants, one snapshot."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import Error as DatabaseError

from realtime import log
from realtime.conf import limits
from realtime.event import Event
from realtime.gate import Gate
from realtime.gathering import Gathering
from realtime.log import Marks
from realtime.snapshot import snapshot
from realtime.threads import DatabaseThreads

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Want:
    """
    What one reader needs to know, all of one moment.

    ``pages`` maps each topic whose events are needed to the offset that they
    follow. Without a gate no rights are read.
    """

    topics: tuple[str, ...]
    pages: Mapping[str, int] = field(default_factory=dict)
    gate: Gate[Any] | None = None
    claim: Hashable = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The rights, marks and events that a :class:`Want` asked for."""

    refusal: str | None
    marks: Marks
    pages: Mapping[str, Sequence[Event]]


class Reader:
    """
    Serves wants in batches: while one snapshot is read, the next wants gather.

    A database that is away delays the answers until it is back.
    """

    def __init__(self, threads: DatabaseThreads) -> None:
        self._threads = threads
        self._waiting: deque[_Waiting] = deque()
        self._wanted = asyncio.Event()
        self._gathering = Gathering()
        self._closed = False

    async def read(self, want: Want) -> Answer:
        """Answer ``want`` from a snapshot that begins after this call."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self._closed:
            answer.cancel()
        else:
            self._enqueue(want, answer)
        return await answer

    def _enqueue(self, want: Want, answer: asyncio.Future[Answer]) -> None:
        # A Tail serves all its followers, so it does not wait behind those who arrive.
        put = self._waiting.appendleft if want.gate is None else self._waiting.append
        put((want, answer))
        self._wanted.set()

    def close(self) -> None:
        """Cancel those who wait for an answer, now and later; call it when nothing serves them."""
        self._closed = True
        for _, answer in self._waiting:
            answer.cancel()
        self._waiting.clear()

    async def serve(self) -> None:
        """
        Serve one batch, or wait for one.

        Raises whatever kept it from being read, mostly a ``DatabaseError``; it will be
        served again.

        """
        await self._wanted.wait()
        await self._gathering.wait(self._waiting, is_urgent=self._is_urgent)
        batch = self._next_batch()
        try:
            answers = await self._threads.run(partial(answer_each, [want for want, _ in batch]))
        except BaseException:
            # Whatever it was: a want that is lost is a follower that stays behind for good.
            self._put_back(batch)
            raise
        self._gathering.note()
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)

    def _is_urgent(self) -> bool:
        """Whether a Tail waits, and with it all its followers."""
        return bool(self._waiting) and self._waiting[0][0].gate is None

    def _put_back(self, batch: Sequence[_Waiting]) -> None:
        """Keep who still waits: many give up and come again while a database is away."""
        everyone = [*batch, *self._waiting]
        self._waiting = deque(each for each in everyone if not each[1].done())
        self._wanted.set()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        pages = 0
        while self._waiting and pages < limits().batch_pages and len(batch) < limits().batch_size:
            want, future = self._waiting.popleft()
            if not future.done():
                batch.append((want, future))
                pages += len(want.pages)
        if not self._waiting:
            self._wanted.clear()
        return batch


def answer_each(wants: Sequence[Want]) -> Sequence[Answer | Exception]:
    """
    Answer ``wants`` together or, if that fails, each for itself, so that one bad claim
    fails alone.

    Raises:
        DatabaseError: If the database does not answer.

    """
    try:
        return answer_all(wants)
    except DatabaseError:
        raise
    except Exception as error:
        if len(wants) == 1:
            logger.exception("The rights or events of a follower cannot be read.")
            return [error]
        return [answer for want in wants for answer in answer_each([want])]


def answer_all(wants: Sequence[Want]) -> Sequence[Answer]:
    """Answer ``wants`` from one new snapshot, with as few queries as their variety allows."""
    with snapshot():
        return answer_here(wants)


def answer_here(wants: Sequence[Want]) -> Sequence[Answer]:
    """Answer ``wants`` from the snapshot that is open."""
    marks = log.marks({topic for want in wants for topic in want.topics})
    refusals = _refusals(wants)
    pages = _Pages(wants)
    answers = []
    for want in wants:
        refusal = refusals.get((want.gate, want.claim))
        events = {} if refusal else {t: pages.page(t, after) for t, after in want.pages.items()}
        answers.append(Answer(refusal, marks, events))
    return answers


def _refusals(wants: Sequence[Want]) -> Mapping[tuple[Gate[Any] | None, Hashable], str]:
    claims: dict[Gate[Any], set[Hashable]] = defaultdict(set)
    for want in wants:
        if want.gate is not None:
            claims[want.gate].add(want.claim)
    return {
        (gate, claim): reason
        for gate, held in claims.items()
        for claim, reason in gate.authorise(held).items()
    }


class _Pages:
    """Pages of one snapshot; readers who stand close together share one."""

    def __init__(self, wants: Sequence[Want]) -> None:
        wanted: dict[str, set[int]] = defaultdict(set)
        for want in wants:
            for topic, after in want.pages.items():
                wanted[topic].add(after)
        self._starts = {topic: _shared_starts(offsets) for topic, offsets in wanted.items()}
        self._read: dict[tuple[str, int], Sequence[Event]] = {}

    def page(self, topic: str, after: int) -> Sequence[Event]:
        """Return events of ``topic`` that follow ``after``: at least one, if there are any."""
        start = self._starts[topic][after]
        if (topic, start) not in self._read:
            self._read[topic, start] = log.read(topic, start, limits().page_size)
        return [event for event in self._read[topic, start] if event.offset > after]


def _shared_starts(offsets: Collection[int]) -> Mapping[int, int]:
    """Map each offset to the one, at most half a page before it, whose page serves it too."""
    starts: dict[int, int] = {}
    start = None
    for offset in sorted(offsets):
        if start is None or offset - start > limits().page_size // 2:
            start = offset
        starts[offset] = start
    return starts


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


_Waiting = tuple[Want, asyncio.Future[Answer]]
