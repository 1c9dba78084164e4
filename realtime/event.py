from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """
    One record of a topic, shared by all its followers in this process.

    ``data`` is a full snapshot of what the event tells, in JSON values, and is not to be changed.
    """

    topic: str
    offset: int
    kind: str
    version: int
    data: Mapping[str, Any]
    occurred_at: datetime
    _memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def memoised(self, key: object, make: Callable[[Event], T]) -> T:
        """Return what ``make`` gave when it was first asked for under ``key``."""
        try:
            found: T = self._memo[key]
        except KeyError:
            found = self._memo[key] = make(self)
        return found
