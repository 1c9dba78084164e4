"""How many sockets and streams a person or an address may have open, and what they may say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from accounts.addresses import neighbourhood
from accounts.tallies import Bucket
from realtime.configuration import configured


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one process: each counts what it serves. A stream over HTTP is one, as a socket is."""

    person: int = 50
    """The open sockets and streams of one person."""
    address: int = 500
    """The open sockets and streams from one address."""
    messages: int = 600
    """The messages that one socket may send in a minute."""


@cache
def limits() -> Limits:
    """The limits in force; raises ``ImproperlyConfigured`` if they are not such."""
    return configured(Limits, "SOCKETS")


class Seat:
    """The place of one socket or stream at its address, and of its person when it has one."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self._messages = Bucket(limits().messages)

    def take_at(self, host: str) -> bool:
        """Take a place among those from ``host``, if there is one."""
        return self._take(f"address {neighbourhood(host)}", limits().address)

    def take_of(self, user_id: int) -> bool:
        """Take a place among those of a person, if there is one."""
        return self._take(f"person {user_id}", limits().person)

    def may_speak(self) -> bool:
        """Whether the socket may have sent one more message."""
        return not settings.LIMITED or self._messages.spend()

    def leave(self) -> None:
        """Give back what was taken; nothing happens the second time."""
        while self._held:
            who = self._held.pop()
            _taken[who] -= 1
            if not _taken[who]:
                del _taken[who]

    def _take(self, who: str, most: int) -> bool:
        if settings.LIMITED and _taken[who] >= most:
            return False
        _taken[who] += 1
        self._held.append(who)
        return True


_taken: Counter[str] = Counter()
