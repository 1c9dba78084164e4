"""The one crossing from the event loop to the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

from django.db import close_old_connections, connections

T = TypeVar("T")

_CLOSING_DEADLINE = 5.0


class DatabaseThreads:
    """
    Threads that do database work for coroutines.

    A thread keeps its connection from one call to the next as far as
    ``CONN_MAX_AGE`` allows. Cancelling the awaiting coroutine does not stop the
    work: a change that has begun is finished.
    """

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._executor = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in one of the threads and return what it returns."""
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: context.run(_connected, work))

    async def close(self) -> None:
        """Finish what has begun and close the threads' connections."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        # The barrier makes each thread take one of these.
        barrier = threading.Barrier(self._size)
        for _ in range(self._size):
            self._executor.submit(_disconnect, barrier)
        self._executor.shutdown(wait=True)


def _connected(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()


def _disconnect(barrier: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        barrier.wait(timeout=_CLOSING_DEADLINE)
    connections.close_all()
