"""The limits of the API: defaults here, overridden by ``settings.GRAPHQL``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds."""

    threads: int = 8
    """The operations of one process that use the database at the same time."""
    operation_tokens: int = 2_000
    """The tokens of one document."""
    init_timeout: float = 10.0
    """How long a socket may be open before its connection_init."""
    socket_operations: int = 100
    """The operations that one socket may have in flight."""


@cache
def limits() -> Limits:
    """
    The limits in force.

    Raises:
        ImproperlyConfigured: If ``settings.GRAPHQL`` has a name that is not a limit.

    """
    chosen = getattr(settings, "GRAPHQL", {})
    unknown = set(chosen) - {field.name for field in fields(Limits)}
    if unknown:
        raise ImproperlyConfigured(f"settings.GRAPHQL has no limit named {sorted(unknown)}.")
    return Limits(**chosen)
