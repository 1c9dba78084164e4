"""The limits of the API: defaults here, overridden by ``settings.GRAPHQL``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from realtime.configuration import configured


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds."""

    threads: int = 8
    """The operations of one process that use the database at the same time."""
    room_threads: int = 3
    """Of these, the changes of one room that are under way at the same time."""
    operation_tokens: int = 2_000
    """The tokens of one document."""
    operation_changes: int = 10
    """The root fields of one mutation."""
    init_timeout: float = 10.0
    """How long a socket may be open before its connection_init."""
    socket_operations: int = 100
    """The operations that one socket may have in flight."""
    stream_heartbeat: float = 15.0
    """How long a stream over HTTP may be silent."""


@cache
def limits() -> Limits:
    """The limits in force; raises ``ImproperlyConfigured`` if they are not such."""
    return configured(Limits, "GRAPHQL")
