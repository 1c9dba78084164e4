"""Snapshots: one moment, no writing, no waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from realtime import log
from realtime.snapshot import SnapshotInTransaction, snapshot
from tests.realtime.conftest import DEADLINE, connected, on_sqlite, write

pytestmark = pytest.mark.django_db(transaction=True)


def in_a_thread(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(connected(work)).result(DEADLINE)


@contextmanager
def an_open_transaction_elsewhere() -> Iterator[None]:
    """Another thread that has published and does not commit before the block ends."""
    written, may_commit = threading.Event(), threading.Event()

    def work() -> None:
        with transaction.atomic():
            log.publish("t", "number", {"n": 0})
            written.set()
            assert may_commit.wait(DEADLINE)

    with ThreadPoolExecutor(1) as executor:
        writer = executor.submit(connected(work))
        assert written.wait(DEADLINE)
        try:
            yield
        finally:
            may_commit.set()
        writer.result(DEADLINE)


def head() -> int:
    return log.marks(["t"])["t"].head


def test_everything_in_a_snapshot_is_of_one_moment_while_others_commit() -> None:
    """G2: the state and its cursor cannot be of two moments."""
    write("t", 1)

    with snapshot():
        before = head()
        in_a_thread(lambda: write("t", 2, 3))
        after, events = head(), log.read("t", 0, 10)

    assert (before, after, [event.offset for event in events]) == (1, 1, [1])
    assert head() == 3


def test_a_new_snapshot_sees_what_was_committed_before_it() -> None:
    write("t", 1)
    with snapshot():
        first = head()

    in_a_thread(lambda: write("t", 2))

    with snapshot():
        second = head()
    assert (first, second) == (1, 2)


def test_a_snapshot_does_not_wait_for_a_writer() -> None:
    """G7: a change that takes its time delays no reader."""
    write("t", 1)

    with an_open_transaction_elsewhere(), snapshot():
        during = head()

    assert during == 1
    assert head() == 2


def test_a_writer_does_not_wait_for_a_snapshot() -> None:
    with snapshot():
        head()
        in_a_thread(lambda: write("t", 1))

    assert head() == 1


def test_nothing_can_be_written_in_a_snapshot() -> None:
    write("t", 1)

    with pytest.raises(DatabaseError), snapshot(), connection.cursor() as cursor:
        cursor.execute("UPDATE realtime_topic SET head = 9")

    assert head() == 1


def test_a_snapshot_leaves_the_connection_able_to_write() -> None:
    with snapshot():
        head()

    write("t", 1)
    assert head() == 1


def test_a_snapshot_that_is_left_by_an_error_leaves_the_connection_able_to_write() -> None:
    with pytest.raises(ZeroDivisionError), snapshot():
        raise ZeroDivisionError

    write("t", 1)
    with snapshot():
        assert head() == 1


@on_sqlite
def test_a_snapshot_that_the_database_gave_up_leaves_the_connection_able_to_write() -> None:
    """SQLite ends a transaction by itself after some errors (sqlite.org/lang_transaction.html)."""
    with pytest.raises(DatabaseError), snapshot(), connection.cursor() as cursor:
        cursor.execute("ROLLBACK")

    write("t", 1)
    assert head() == 1


def test_a_snapshot_inside_a_snapshot_is_an_error() -> None:
    with snapshot(), pytest.raises(SnapshotInTransaction), snapshot():
        pass

    with snapshot():
        assert head() == 0


def test_a_snapshot_inside_a_transaction_is_an_error() -> None:
    with transaction.atomic(), pytest.raises(SnapshotInTransaction), snapshot():
        pass


def test_threads_have_snapshots_of_their_own() -> None:
    write("t", 1)

    def look() -> int:
        with snapshot():
            return head()

    with snapshot():
        head()
        in_a_thread(lambda: write("t", 2))
        inner = in_a_thread(look)

    assert inner == 2
