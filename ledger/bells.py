"""The Redis that is killed and paused: one of our own, or the one that was given."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from typing import Protocol

import redis

from ledger.ports import quiet_port
from tests.backends import Redis

_PATIENCE = 0.3
_LONGEST_PAUSE_MS = 60_000


class Bell(Protocol):
    """What the faults do to Redis."""

    url: str

    def start(self) -> None: ...

    def kill(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> None: ...


class GivenRedis:
    """
    The server of ``TEST_REDIS_URL``, which is not ours to end.

    Killing it is to end its clients' connections, pausing it is its own ``CLIENT PAUSE``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = redis.Redis.from_url(url, socket_timeout=_PATIENCE)

    def start(self) -> None:
        self._client.ping()

    def kill(self) -> None:
        for kind in ("pubsub", "normal"):
            self._command("KILL", "TYPE", kind, "SKIPME", "yes")

    def pause(self) -> None:
        self._command("PAUSE", str(_LONGEST_PAUSE_MS), "WRITE")

    def resume(self) -> None:
        self._command("UNPAUSE")

    def stop(self) -> None:
        self._client.close()

    def _command(self, *words: str) -> None:
        self._client.execute_command("CLIENT", *words)  # type: ignore[no-untyped-call]  # redis-py


def open_bell(directory: Path, chance: Random) -> Bell:
    """Start a Redis, or find the one that was given."""
    given = os.environ.get("TEST_REDIS_URL")
    bell: Bell = GivenRedis(given) if given else Redis(directory, quiet_port(chance))
    bell.start()
    return bell


def answers(url: str) -> bool:
    """Whether Redis carries a message, as it does unless it is away or paused."""
    client = redis.Redis.from_url(url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE)
    try:
        client.publish("anteroom-ledger", time.time())
    except redis.RedisError:
        return False
    else:
        return True
    finally:
        client.close()
