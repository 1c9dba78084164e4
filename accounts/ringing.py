"""The bell for sessions: a hint to every process to look at once which of its sockets are over."""

from __future__ import annotations

from django.db import connection, transaction

from realtime import bell

GROUP = "sessions"


def sessions_changed() -> None:
    """Ring after commit, once however many sessions the transaction changes."""
    if all(entry[1] is not _ring for entry in connection.run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    bell.ring_group(GROUP)
