"""
What was spent of each allowance: in Redis where there is one, else in this process.

An allowance of n is a bucket that holds n and refills evenly within a minute. All
that is kept of it is when it will be full again (the generic cell rate algorithm).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple, Protocol, TypeVar

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")

MINUTE = 60.0
ROUNDING = 0.0005
"""Seconds that are nobody's fault."""
KEPT = 100_000
"""The allowances, and the names, that one process keeps."""

logger = logging.getLogger(__name__)


class Allowance(NamedTuple):
    key: str
    most: int
    """How much of it a minute gives."""


class Tallies(Protocol):
    """To be called in worker threads."""

    def spend(self, allowances: Sequence[Allowance]) -> float:
        """Take one of each, or none of any; return the seconds to wait, 0 if they were taken."""

    def remember(self, name: str, seconds: int) -> None:
        """Know ``name`` for so long."""

    def knows(self, name: str) -> bool: ...


class Bucket:
    """One allowance, for one thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._full_at = 0.0

    def spend(self) -> bool:
        """Take one, if one is left."""
        now = time.monotonic()
        full_at = _full_at(self._full_at, now, self._most)
        if full_at > now + MINUTE + ROUNDING:
            return False
        self._full_at = full_at
        return True


class OwnTallies:
    """This process's own. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._full_at: dict[str, float] = {}
        self._known: dict[str, float] = {}

    def spend(self, allowances: Sequence[Allowance]) -> float:
        with self._lock:
            now = time.monotonic()
            after = {
                key: _full_at(self._full_at.get(key, 0.0), now, most) for key, most in allowances
            }
            wait = max(after.values()) - MINUTE - now
            if wait > ROUNDING:
                return wait
            self._keep(self._full_at, after, now)
            return 0.0

    def remember(self, name: str, seconds: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._keep(self._known, {name: now + seconds}, now)

    def knows(self, name: str) -> bool:
        return self._known.get(name, 0.0) > time.monotonic()

    def _keep(self, kept: dict[str, float], new: dict[str, float], now: float) -> None:
        if len(kept) + len(new) > KEPT:
            for key in [key for key, until in kept.items() if until <= now]:
                del kept[key]
        while len(kept) + len(new) > KEPT:
            del kept[next(iter(kept))]
        kept.update(new)


class SharedTallies:
    """
    Those of all processes, in Redis. While it is away each process has its own.

    An absence costs one call its patience every few seconds, and one line in the log.
    """

    PATIENCE = 0.25
    PAUSE = 5.0

    def __init__(self, address: str, prefix: str) -> None:
        self._redis = Redis.from_url(
            address,
            socket_timeout=self.PATIENCE,
            socket_connect_timeout=self.PATIENCE,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._prefix = prefix
        self._script = self._redis.register_script(_SPEND)
        self._own = OwnTallies()
        self._away_until = 0.0

    def spend(self, allowances: Sequence[Allowance]) -> float:
        keys = [self._name(each.key) for each in allowances]
        most = [each.most for each in allowances]
        return self._ask(
            lambda: float(self._script(keys, most)), lambda: self._own.spend(allowances)
        )

    def remember(self, name: str, seconds: int) -> None:
        self._own.remember(name, seconds)
        self._ask(lambda: self._redis.set(self._name(name), "1", ex=seconds), lambda: None)

    def knows(self, name: str) -> bool:
        return self._ask(
            lambda: bool(self._redis.exists(self._name(name))), lambda: self._own.knows(name)
        )

    def _name(self, key: str) -> str:
        return f"{self._prefix}:{key}"

    def _ask(self, redis: Callable[[], T], own: Callable[[], T]) -> T:
        if time.monotonic() < self._away_until:
            return own()
        try:
            answer = redis()
        except RedisError as error:
            self._do_without(error)
            return own()
        if self._away_until:
            self._away_until = 0.0
            logger.info("Redis counts for all processes again.")
        return answer

    def _do_without(self, error: RedisError) -> None:
        if not self._away_until:
            logger.warning("Redis is away; each process counts for itself: %r", error)
        self._away_until = time.monotonic() + self.PAUSE


def _full_at(full_at: float, now: float, most: int) -> float:
    """When a bucket will be full again after one more is taken."""
    return max(full_at, now) + MINUTE / most


_SPEND = """
    local time = redis.call('TIME')
    local now = time[1] + time[2] / 1e6
    local wait, after = 0, {}
    for i, key in ipairs(KEYS) do
        local full = math.max(tonumber(redis.call('GET', key) or now), now) + 60 / ARGV[i]
        wait = math.max(wait, full - 60 - now)
        after[i] = full
    end
    if wait > 0.0005 then
        return string.format('%.6f', wait)
    end
    for i, key in ipairs(KEYS) do
        local lasts = math.ceil((after[i] - now) * 1000)
        redis.call('SET', key, string.format('%.6f', after[i]), 'PX', lasts)
    end
    return '0'
"""
