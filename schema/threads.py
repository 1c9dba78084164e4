"""The threads in which requests are judged, and queries and mutations run."""

from __future__ import annotations

from functools import cache

from realtime.threads import DatabaseThreads
from schema.conf import limits


@cache
def operations() -> DatabaseThreads:
    """Apart from those that serve the streams, so that no load of queries delays an event."""
    return DatabaseThreads("graphql", limits().threads)


@cache
def judges() -> DatabaseThreads:
    """For parsing and validating, which use no database but may take their time."""
    return DatabaseThreads("graphql-judge", 2)
