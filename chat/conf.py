"""The limits of ``chat``: defaults here, overridden by ``settings.CHAT``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from realtime.configuration import configured


@dataclass(frozen=True, slots=True)
class Limits:
    message_length: int = 2_000
    """The characters of one message."""


@cache
def limits() -> Limits:
    """The limits in force; raises ``ImproperlyConfigured`` if they are not such."""
    return configured(Limits, "CHAT")
