"""The hub: everything that followers of one process share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

from django.utils import timezone

from realtime import bell, epoch, fanout, log
from realtime.background import forever
from realtime.conf import limits
from realtime.delivery import CaughtUp
from realtime.fanout import Fanout
from realtime.follower import Follower
from realtime.gate import Gate
from realtime.log import Marks
from realtime.lookups import Find, Lookups
from realtime.position import Expiry
from realtime.reader import Answer, Reader, Want, answer_each
from realtime.tail import Memory, Tail
from realtime.threads import DatabaseThreads
from realtime.waking import Waking

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_BETWEEN_CHECKS = 0.05
"""Seconds between two checks of the heads, however many reasons there are for one."""

_CHECKED_AT_ONCE = 250
"""Followers whose rights are read in one call. A thread that reads those of a thousand takes the
interpreter for 6 ms from an event that comes meanwhile."""

_TOGETHER = timedelta(milliseconds=100)
"""Those who have caught up at one position within this time are told so in one form."""
_MOST_TOGETHER = 1_000


class NotServing(RuntimeError):
    def __init__(self) -> None:
        super().__init__("No hub runs in this process: start one with `async with Hub()`.")


class Hub:
    """
    Lets coroutines of this event loop follow topics. Use it as ``async with Hub() as hub``.

    It costs the database one small query a second, and the channel layer one
    message per event, whatever the number of followers.
    """

    def __init__(self) -> None:
        self._threads = DatabaseThreads("realtime", 2)
        self._guests = DatabaseThreads("realtime-application", 4)
        self._lookups: dict[Find[Any, Any], Lookups[Any, Any]] = {}
        self._reader = Reader(self._threads)
        self._fanout = Fanout(
            on_ring=self._on_ring, on_joined=self._on_joined, on_trouble=self._check_now
        )
        self._memory = Memory()
        self._tails: dict[str, Tail] = {}
        self._followers: WeakSet[Follower] = WeakSet()
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._epoch: str | None = None
        self._doubted: str | None = None
        self._check_wanted = asyncio.Event()
        self._fell_behind = asyncio.Event()
        self._waking = Waking()
        self._caught_up: dict[str, CaughtUp] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Hub:
        await self._fanout.start()
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "Reading the log": self._reader.serve,
            "Checking the heads": self._check_heads,
            "Catching up": self._catch_up,
            "Checking rights": self._check_rights,
        }
        self._tasks = [
            asyncio.create_task(forever(step, name=name), name=name) for name, step in work.items()
        ]
        bell.hang(self._fanout)
        _serving.append(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        _serving.remove(self)
        bell.take_down(self._fanout)
        for follower in list(self._followers):
            follower.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._reader.close()
        for lookups in self._lookups.values():
            lookups.close()
        await self._fanout.stop()
        await self._threads.close()
        await self._guests.close()

    async def follow(
        self, topics: Sequence[str], *, after: str | None, gate: Gate[Any], claim: Hashable
    ) -> Follower:
        """
        Follow ``topics`` from the cursor ``after``, or from now on.

        Raises:
            InvalidCursor: If ``after`` is not a cursor for these topics in this order.
            Refused: If ``gate`` says that ``claim`` may not.

        """
        follower = Follower(self, topics, gate, claim)
        self._followers.add(follower)
        await follower.open(after)
        return follower

    def listen(self, group: str, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever someone rings ``group`` (see :func:`bell.ring_group`)."""
        self._listeners.setdefault(group, []).append(listener)
        self._fanout.join(group)

    async def run(self, work: Callable[[], T]) -> T:
        """Run the application's database work, apart from the threads that serve the log."""
        return await self._guests.run(work)

    async def look_up(self, find: Find[K, T], key: K) -> T | None:
        """
        Return what ``find`` finds under ``key``, together with whatever it is asked at once.

        Raises whatever ``find`` raises.
        """
        if find not in self._lookups:
            self._lookups[find] = Lookups(self._guests.run, find)
        return await self._lookups[find].get(key)

    def attach(self, topic: str, follower: Follower) -> Tail:
        tail = self._tails.get(topic)
        if tail is None:
            tail = self._tails[topic] = Tail(topic, self._memory)
            self._fanout.join(topic)
        tail.listeners.add(follower)
        return tail

    def detach(self, follower: Follower) -> None:
        self._followers.discard(follower)
        for topic in follower.topics:
            tail = self._tails.get(topic)
            if tail is not None:
                tail.listeners.discard(follower)
                self._drop_if_unheard(tail)

    def begin(self, tail: Tail, head: int) -> None:
        tail.begin(head)
        self._read_if_behind(tail)

    async def read(self, want: Want) -> Answer:
        answer = await self._reader.read(want)
        self._adopt(answer.marks.epoch)
        return answer

    def caught_up(self, cursor: str) -> CaughtUp:
        now = timezone.now()
        last = self._caught_up.get(cursor)
        if last is None or now - last.at > _TOGETHER:
            if len(self._caught_up) >= _MOST_TOGETHER:
                self._caught_up.clear()
            last = self._caught_up[cursor] = CaughtUp(cursor, now)
        return last

    def doubt(self, epoch: str) -> None:
        self._doubted = epoch
        self._check_now()

    def _check_now(self) -> None:
        self._check_wanted.set()

    def _on_joined(self) -> None:
        asyncio.get_running_loop().call_later(limits().join_settling, self._check_now)

    def _on_ring(self, group: str, ring: fanout.Message) -> None:
        for listener in self._listeners.get(group, ()):
            listener()
        tail = self._tails.get(group)
        if tail is None:
            return
        if ring.get("epoch") != self._epoch:
            self._check_now()
            return
        tail.hear(ring["head"])
        if tail.take(fanout.events_of(group, ring)):
            self._waking.wake_soon(tail)
        self._read_if_behind(tail)

    def _adopt(self, epoch: str) -> None:
        """Go on in ``epoch``: what was seen of another history is worth nothing."""
        if self._epoch not in (None, epoch):
            for tail in self._tails.values():
                tail.reset()
            for follower in list(self._followers):
                if follower.is_live:
                    follower.expire(Expiry.EPOCH)
        self._epoch = epoch

    async def _check_heads(self) -> None:
        """Wait a second, or for a reason not to, and learn what rings did not tell."""
        await self._pause_between_checks()
        if self._doubted is not None:
            doubted = self._doubted
            self._adopt(await self._threads.run(partial(epoch.rotate, doubted)))
            # Only now: a doubt outlives a database that cannot be written to.
            self._doubted = None if self._doubted == doubted else self._doubted
        for tail in list(self._tails.values()):
            self._drop_if_unheard(tail)
        # Positions as they were before the read: what a Tail has taken in since
        # may be newer than the snapshot.
        known = self._epoch
        before = {topic: tail.position for topic, tail in self._tails.items()}
        marks = await self._threads.run(partial(log.marks, list(before)))
        self._adopt(marks.epoch)
        # Positions of another history say nothing about this one.
        if marks.epoch == known:
            self._compare(before, marks)

    async def _pause_between_checks(self) -> None:
        interval = limits().heads_interval * random.uniform(0.8, 1.2)  # noqa: S311  # not a secret
        await asyncio.sleep(_BETWEEN_CHECKS)
        with suppress(TimeoutError):
            async with asyncio.timeout(interval):
                await self._check_wanted.wait()
        self._check_wanted.clear()

    def _compare(self, before: Mapping[str, int | None], marks: Marks) -> None:
        for topic, position in before.items():
            tail = self._tails.get(topic)
            if tail is None or position is None or tail.position is None:
                continue
            if marks[topic].head < position:
                self.doubt(marks.epoch)
                return
            tail.hear(marks[topic].head)
            self._read_if_behind(tail)

    def _read_if_behind(self, tail: Tail) -> None:
        if tail.is_behind:
            self._fell_behind.set()

    async def _catch_up(self) -> None:
        """Read what the Tails have missed, all of them in one snapshot."""
        await self._fell_behind.wait()
        self._fell_behind.clear()
        behind = [tail for tail in self._tails.values() if tail.is_behind]
        await asyncio.gather(*(self._catch_up_one(tail) for tail in behind))

    async def _catch_up_one(self, tail: Tail) -> None:
        position = tail.position
        if position is None:
            return
        answer = await self.read(Want((tail.topic,), {tail.topic: position}))
        if tail.position is None:
            return
        events = answer.pages[tail.topic]
        start = events[0].offset - 1 if events else answer.marks[tail.topic].floor
        if start > tail.position:
            tail.skip_to(start)
        if tail.take(events):
            self._waking.wake_soon(tail)
        # A read that found nothing is not repeated at once: the next check will tell.
        if events:
            self._read_if_behind(tail)

    async def _check_rights(self) -> None:
        """The backstop for rights that were lost without an event."""
        await asyncio.sleep(limits().recheck_interval * random.uniform(0.8, 1.2))  # noqa: S311  # as above
        followers = [follower for follower in self._followers if follower.is_live]
        for start in range(0, len(followers), _CHECKED_AT_ONCE):
            await self._check_rights_of(followers[start : start + _CHECKED_AT_ONCE])

    async def _check_rights_of(self, followers: Sequence[Follower]) -> None:
        # In one call: a future and a task for each of thousands would hold up the event loop.
        wants = [Want(each.topics, {}, each.gate, each.claim) for each in followers]
        answers = await self._threads.run(partial(answer_each, wants))
        for follower, answer in zip(followers, answers, strict=True):
            if isinstance(answer, Exception):
                continue
            self._adopt(answer.marks.epoch)
            if answer.refusal is not None:
                follower.lose_rights(answer.refusal, answer.marks)

    def _drop_if_unheard(self, tail: Tail) -> None:
        if not tail.listeners and self._tails.get(tail.topic) is tail:
            del self._tails[tail.topic]
            tail.reset()
            self._fanout.leave(tail.topic)


def current() -> Hub:
    """
    Return the hub of this process.

    Raises:
        NotServing: If there is none.

    """
    if not _serving:
        raise NotServing
    return _serving[-1]


_serving: list[Hub] = []
