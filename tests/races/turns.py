"""Who comes first: transactions that go on step by step, and those that wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from django.db import connection, connections, transaction

from chat.errors import ChatError
from realtime import log
from tests.realtime.conftest import DEADLINE

T = TypeVar("T")


class RolledBack(Exception):
    pass


class Transaction:
    """
    A transaction in a thread of its own, which does one step when it is told to.

    It is open inside the ``with`` block until :meth:`commit` or :meth:`roll_back`.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._atomic = transaction.atomic()
        self._open = False

    def __enter__(self) -> Transaction:
        self.do(self._atomic.__enter__)
        self._open = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._open:
            self.roll_back()
        self.do(connections.close_all)
        self._thread.shutdown()

    def do(self, step: Callable[[], T]) -> T:
        return self._thread.submit(step).result(DEADLINE)

    def commit(self) -> None:
        self._open = False
        self.do(partial(self._atomic.__exit__, None, None, None))

    def roll_back(self) -> None:
        self._open = False
        self.do(partial(self._atomic.__exit__, RolledBack, RolledBack(), None))


class Act:
    """Something that is done in a thread of its own, and may have to wait for a transaction."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self._ready = threading.Event()
        self._begins = threading.Event()
        executor = ThreadPoolExecutor(1)
        self._done: Future[Any] = executor.submit(self._run)
        executor.shutdown(wait=False)

    def outcome(self) -> Any:
        """What came of it, or the ``ChatError`` that it raised."""
        try:
            return self._done.result(DEADLINE)
        except ChatError as error:
            return error

    def wait_until_it_waits(self) -> None:
        """
        Return when it can go no further before another transaction ends.

        PostgreSQL says who blocks whom. SQLite has one writer: whoever comes to
        BEGIN while another has begun waits there.
        """
        assert self._ready.wait(DEADLINE)
        if connection.vendor == "sqlite":
            assert self._begins.wait(DEADLINE)
            return
        deadline = time.monotonic() + DEADLINE
        while not self._is_blocked():
            assert not self._done.done(), f"It did not wait: {self.outcome()!r}"
            assert time.monotonic() < deadline
            time.sleep(0.005)  # between two questions to the server

    def _run(self) -> Any:
        try:
            connection.ensure_connection()
            if connection.vendor == "postgresql":
                self._backend = connection.connection.info.backend_pid
            self._ready.set()
            with connection.execute_wrapper(self._watch):
                return self._act()
        finally:
            self._ready.set()
            connections.close_all()

    def _watch(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith("BEGIN"):
            self._begins.set()
        return execute(sql, *rest)

    def _is_blocked(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._backend])
            return bool(cursor.fetchone()[0])


def in_this_order(
    topics: tuple[str, ...], first: Callable[[], Any], then: Callable[[], Any]
) -> Any:
    """
    Let ``then`` begin when ``first`` has locked ``topics`` and done nothing yet.

    Returns the outcome of ``then``, which had to wait.
    """
    with Transaction() as holder:
        holder.do(partial(log.lock, *topics))
        act = Act(then)
        act.wait_until_it_waits()
        holder.do(first)
        holder.commit()
        return act.outcome()
