"""
The threads in which requests are judged, and queries and mutations run.

No queue before them is endless: who would have to wait for too many others is
told at once to try again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, partial
from typing import TypeVar

from graphql import GraphQLError, OperationType

from realtime.threads import DatabaseThreads
from schema import requests
from schema.conf import limits
from schema.requests import Operation, Request, RequestError
from schema.turns import Turns, place_of

T = TypeVar("T")

_must_not_hash: ContextVar[bool] = ContextVar("schema_threads_must_not_hash", default=False)


class Busy(RequestError):
    """Too many wait already; nothing was done."""

    def __init__(self) -> None:
        super().__init__([GraphQLError("The server is busy. Try again.")], "UNAVAILABLE")


class Hashes(Exception):
    """What is to be done takes a password hash, which is for other threads."""


class Counter:
    """
    Threads with a bounded queue before them. To be used on one event loop.

    ``in_turn`` are for one place at the same time.
    """

    def __init__(self, name: str, size: int, waiting: int, in_turn: int | None = None) -> None:
        self._threads = DatabaseThreads(name, size)
        self._turns = Turns(in_turn or size)
        self._room = size + waiting
        self._present = 0

    async def run(self, work: Callable[[], T], place: str | None = None) -> T:
        """
        Run ``work`` in one of the threads and return what it returns.

        Raises:
            Busy: If too many wait already.

        """
        if self._present >= self._room:
            raise Busy
        self._present += 1
        try:
            async with self._turns.turn(place):
                return await self._threads.run(work)
        finally:
            self._present -= 1

    async def close(self) -> None:
        """Finish what has begun and close the threads' connections."""
        await self._threads.close()


async def prepared(request: Request) -> Operation:
    """
    Return the operation of a request, on the event loop if that takes no time to speak of.

    Raises:
        RequestError: If there is something wrong with it, or too many wait to be judged.

    """
    if (known := requests.recall(request)) is not None:
        return known
    # Judging a long document takes its time, and others must not wait for it.
    return await judges().run(partial(requests.prepare, request))


async def run(operation: Operation, work: Callable[[], T]) -> T:
    """
    Run a query or mutation where it belongs, and return what ``work`` returns.

    A mutation begins again among the hashers when it turns out to be for them.

    Raises:
        Busy: If too many wait already.

    """
    if operation.kind is OperationType.QUERY:
        return await queries().run(work)
    try:
        return await mutations().run(partial(_without_hashing, work), place_of(operation))
    except Hashes:
        return await hashers().run(work)


def about_to_hash() -> None:
    """
    Let work go on that hashes a password; to be called before it has done anything.

    Raises:
        Hashes: If this is not the thread for it.

    """
    if _must_not_hash.get():
        raise Hashes


def _without_hashing(work: Callable[[], T]) -> T:
    _must_not_hash.set(True)
    return work()


@cache
def queries() -> Counter:
    """Apart from those that serve the streams, so that no load of queries delays an event."""
    return Counter("graphql-query", limits().query_threads, limits().operations_waiting)


@cache
def mutations() -> Counter:
    """Apart from the queries, so that no message waits behind somebody's long list."""
    size, in_turn = limits().mutation_threads, limits().room_threads
    return Counter("graphql-mutation", size, limits().operations_waiting, in_turn)


@cache
def hashers() -> Counter:
    """For operations that hash passwords, so that no flood of them holds up the others."""
    return Counter("graphql-hash", limits().hashing_threads, limits().hashes_waiting)


@cache
def judges() -> Counter:
    """For parsing and validating, which use no database but may take their time."""
    return Counter("graphql-judge", 2, limits().operations_waiting)
