"""The limits of the API: defaults here, overridden by ``settings.GRAPHQL``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from realtime.configuration import configured


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds."""

    query_threads: int = 4
    """The queries of one process that are answered at the same time."""
    mutation_threads: int = 6
    """The mutations of one process that are made at the same time."""
    room_threads: int = 3
    """Of these, the mutations of one room that are made at the same time."""
    operations_waiting: int = 500
    """The queries, and the mutations, that may wait for a thread; more are UNAVAILABLE."""
    hashing_threads: int = 2
    """The operations of one process that hash passwords at the same time."""
    hashes_waiting: int = 20
    """The operations that may wait for one of those threads; more are UNAVAILABLE."""
    operation_tokens: int = 2_000
    """The tokens of one document."""
    operation_depth: int = 100
    """The selections within one another, those of fragments and inline fragments too."""
    operation_fields: int = 1_000
    """The fields of one document, with its fragments unfolded."""
    operation_aliases: int = 50
    """The fields of one document that are given another name."""
    operation_roots: int = 20
    """The root fields of one operation."""
    operation_changes: int = 10
    """The root fields of one mutation."""
    operation_repeats: int = 20
    """How often one field may be selected in one place of the response."""
    operation_cost: int = 60_000
    """What one operation may cost, as :mod:`schema.cost` estimates it."""
    introspection: bool = True
    """Whether the schema can be asked for, and errors suggest names that are in it."""
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
