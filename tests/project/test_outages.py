"""A database server that goes away and comes back."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from psycopg import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool, PoolTimeout

from project import environment
from tests.backends import free_port

pytestmark = pytest.mark.only_on("postgresql")

FAILURES = 6
SOON = 3.0
"""Seconds."""


class Server:
    """What a pool connects to: nothing, until it is back."""

    def __init__(self) -> None:
        self.failures: list[float] = []
        self.is_back = False
        self._nobody = f"host=127.0.0.1 port={free_port()} connect_timeout=1"

    def address(self) -> str:
        if self.is_back:
            own = settings.DATABASES["default"]
            return make_conninfo(
                dbname="postgres", user=own["USER"], host=own["HOST"], port=own.get("PORT") or None
            )
        self.failures.append(time.monotonic())
        self.is_back = len(self.failures) == FAILURES
        return self._nobody


def test_a_server_that_was_away_for_long_is_found_soon_after_it_is_back() -> None:
    """However long it was away: the pool tries every second, not ever less often."""
    server = Server()
    options = settings.DATABASES["default"]["OPTIONS"]["pool"]

    with (
        ConnectionPool(server.address, open=True, **options) as pool,
        pool.connection(timeout=30) as connection,
    ):
        found = time.monotonic()
        answer = connection.execute("SELECT 1").fetchone()

    assert answer == (1,)
    assert len(server.failures) == FAILURES
    assert found - server.failures[-1] < SOON


def test_nobody_waits_for_longer_than_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_TIMEOUT", "1")
    pool_of_one = environment._postgresql({})["OPTIONS"]["pool"]

    begun = time.monotonic()
    with (
        ConnectionPool("host=127.0.0.1 port=1", open=True, **pool_of_one) as pool,
        pytest.raises(PoolTimeout),
        pool.connection(),
    ):
        pass

    assert 1.0 <= time.monotonic() - begun < SOON


def test_who_waits_for_a_server_that_stays_away_is_told_so() -> None:
    options = {**settings.DATABASES["default"]["OPTIONS"]["pool"], "timeout": 0.1}
    with (
        ConnectionPool("host=127.0.0.1 port=1", open=True, **options) as pool,
        pytest.raises(OperationalError),
        pool.connection(),
    ):
        pass
