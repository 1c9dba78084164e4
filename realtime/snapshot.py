"""Reading at one moment: everything read inside :func:`snapshot` is as of the same commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_open = threading.local()


class SnapshotInTransaction(RuntimeError):
    def __init__(self) -> None:
        super().__init__("A snapshot cannot begin inside a transaction: it would not be a new one.")


@contextmanager
def snapshot() -> Iterator[None]:
    """
    Let the queries of this block see one state of the database, and write nothing.

    Writers are neither waited for nor held up. The state is the one that the
    block's first query finds.

    Raises:
        SnapshotInTransaction: If a transaction or another snapshot is open.

    """
    if connection.in_atomic_block or getattr(_open, "snapshot", False):
        raise SnapshotInTransaction
    _open.snapshot = True
    try:
        with _deferred() if connection.vendor == "sqlite" else _repeatable_read():
            yield
    finally:
        _open.snapshot = False


@contextmanager
def _repeatable_read() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _deferred() -> Iterator[None]:
    # atomic() would BEGIN IMMEDIATE and take SQLite's one write lock for a read.
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        finally:
            # Whatever became of the snapshot: the thread's next change uses this connection.
            cursor.execute("PRAGMA query_only = OFF")
