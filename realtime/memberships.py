"""The groups that one channel is in, made to be those that are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import islice

_AT_ONCE = 1_000
"""They wait for each other at a healthy server, 0.1 s for all of them; each has 1 s."""
_AGAIN_AT_ONCE = 250
_RENEWAL_INTERVAL = 600.0
"""Layers let memberships expire after a day; this is well before."""

Change = Callable[[str], Awaitable[None]]


class Memberships:
    """
    Joins and leaves groups, many at a time, by calls that may fail.

    A group that cannot be joined or left holds up no other: it is tried again apart
    from those that are new. No group has more than one call at a time, so the last
    wish holds. :meth:`begin`, :meth:`retry` and :meth:`renew` want to be awaited again
    and again.
    """

    def __init__(self, *, join: Change, leave: Change) -> None:
        self.joined: set[str] = set()
        self._join = join
        self._leave = leave
        self._wanted: set[str] = set()
        self._new: dict[str, None] = {}
        self._busy: set[str] = set()
        self._failed: dict[str, Exception] = {}
        self._has_new = asyncio.Event()
        self._has_failed = asyncio.Event()

    def want(self, group: str) -> None:
        self._wanted.add(group)
        self._look_at(group)

    def forgo(self, group: str) -> None:
        self._wanted.discard(group)
        self._look_at(group)

    async def begin(self) -> None:
        """Join and leave what is new, until cancelled."""
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._has_new.wait()
                await slots.acquire()
                task = tasks.create_task(self._settle(self._take_new()))
                task.add_done_callback(lambda _: slots.release())

    async def retry(self) -> None:
        """
        Wait for a failure, and try again for as long as that helps some group.

        Raises:
            Exception: What stands in the way of a group that is not helped.

        """
        await self._has_failed.wait()
        helps = True
        while self._failed and helps:
            groups = list(islice(self._failed, _AGAIN_AT_ONCE))
            helps = any(await asyncio.gather(*map(self._settle, groups)))
        for error in self._failed.values():
            raise error
        self._has_failed.clear()

    async def renew(self) -> None:
        """Wait, and join again what is wanted."""
        await asyncio.sleep(_RENEWAL_INTERVAL)
        for group in self._wanted:
            self.joined.discard(group)
            self._look_at(group)

    def _look_at(self, group: str) -> None:
        # Whoever is at it, or will be after a failure, looks at what is wanted then.
        if group not in self._busy and group not in self._failed:
            self._new[group] = None
            self._has_new.set()

    def _take_new(self) -> str:
        group = next(iter(self._new))
        del self._new[group]
        if not self._new:
            self._has_new.clear()
        self._busy.add(group)
        return group

    async def _settle(self, group: str) -> bool:
        """Do what is wanted with ``group``, as often as that changes; tell whether it worked."""
        self._busy.add(group)
        try:
            while group in self._failed or (group in self._wanted) != (group in self.joined):
                await self._change(group)
                self._failed.pop(group, None)
        except Exception as error:  # noqa: BLE001  # a layer raises whatever its client library does
            self._failed.pop(group, None)  # to the end of the queue
            self._failed[group] = error
            self._has_failed.set()
            return False
        finally:
            self._busy.discard(group)
        return True

    async def _change(self, group: str) -> None:
        if group in self._wanted:
            await self._join(group)
            self.joined.add(group)
            return
        if group in self._failed:
            # A layer that failed to leave may hold that it did; then only one that has
            # joined once more leaves again (channels-redis 4.3, group_discard).
            await self._join(group)
        await self._leave(group)
        self.joined.discard(group)
