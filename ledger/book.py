"""What the writers were told: the other half of the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Send:
    """One message that someone wanted in a room; ``message_ids`` are those in the answers."""

    room_id: int
    text: str
    message_ids: set[int] = field(default_factory=set)

    @property
    def is_acknowledged(self) -> bool:
        return bool(self.message_ids)


@dataclass(slots=True)
class Book:
    """
    Every send by its clientMutationId, and when each session was confirmed to be over.

    ``deeds`` counts everything else that was confirmed.
    """

    sends: dict[str, Send] = field(default_factory=dict)
    ended_sessions: dict[str, float] = field(default_factory=dict)
    deeds: Counter[str] = field(default_factory=Counter)
    titles: dict[int, set[str]] = field(default_factory=dict)

    @property
    def acknowledged(self) -> int:
        return sum(send.is_acknowledged for send in self.sends.values())
