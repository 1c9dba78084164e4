"""The threads in which queries and mutations run."""

from __future__ import annotations

from functools import cache

from realtime.threads import DatabaseThreads
from schema.conf import limits


@cache
def operations() -> DatabaseThreads:
    """Apart from those that serve the streams, so that no load of queries delays an event."""
    return DatabaseThreads("graphql", limits().threads)
