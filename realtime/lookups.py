"""Lookups that are asked for at the same time, made in one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from realtime.conf import limits
from realtime.gathering import Gathering

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Find: TypeAlias = Callable[[Collection[K]], Mapping[K, V]]
"""Finds what there is under each of many keys, with as few queries as for one."""

Run: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]


class Lookups(Generic[K, V]):
    """
    Serves lookups in batches: while one is made in a thread, the next keys gather.

    A thousand clients who come back at once thus cost a few queries.
    """

    def __init__(self, run: Run, find: Find[K, V]) -> None:
        self._run = run
        self._find = find
        self._asked: dict[K, list[asyncio.Future[V | None]]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._gathering = Gathering()

    async def get(self, key: K) -> V | None:
        """
        Return what is found under ``key``, by a lookup that begins after this call.

        Raises whatever the lookup raised, for all whose keys were in it.
        """
        found: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(key, []).append(found)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await found

    def close(self) -> None:
        """Cancel those who wait."""
        if self._serving is not None:
            self._serving.cancel()
        for futures in self._asked.values():
            for each in futures:
                each.cancel()
        self._asked.clear()

    async def _serve(self) -> None:
        try:
            while self._asked:
                await self._gathering.wait(self._asked)
                await self._serve_batch(self._next_batch())
                self._gathering.note()
        finally:
            self._serving = None

    def _next_batch(self) -> dict[K, list[asyncio.Future[V | None]]]:
        keys = list(self._asked)[: limits().batch_size]
        return {key: self._asked.pop(key) for key in keys}

    async def _serve_batch(self, batch: Mapping[K, list[asyncio.Future[V | None]]]) -> None:
        waiting = [(key, each) for key, futures in batch.items() for each in futures]
        try:
            found: Mapping[K, V] = await self._run(partial(self._find, list(batch)))
        except asyncio.CancelledError:
            for _, future in waiting:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001  # it is raised again for each who asked
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
            return
        for key, future in waiting:
            if not future.done():
                future.set_result(found.get(key))
