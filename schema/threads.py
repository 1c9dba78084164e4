"""The threads in which requests are judged, and queries and mutations run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from realtime.threads import DatabaseThreads
from schema.conf import limits
from schema.requests import Operation
from schema.turns import Turns, place_of

T = TypeVar("T")


async def run(operation: Operation, work: Callable[[], T]) -> T:
    """Run a query or mutation in its turn, and return what ``work`` returns."""
    async with _turns().turn(place_of(operation)):
        return await operations().run(work)


@cache
def _turns() -> Turns:
    return Turns(limits().room_threads)


@cache
def operations() -> DatabaseThreads:
    """Apart from those that serve the streams, so that no load of queries delays an event."""
    return DatabaseThreads("graphql", limits().threads)


@cache
def judges() -> DatabaseThreads:
    """For parsing and validating, which use no database but may take their time."""
    return DatabaseThreads("graphql-judge", 2)
