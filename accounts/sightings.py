"""When each session was last used, to the minute."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import timedelta
from time import monotonic

from django.db import DatabaseError
from django.utils import timezone

from accounts.models import Session

INTERVAL = timedelta(minutes=1)
REMEMBERED = 20_000

logger = logging.getLogger(__name__)
_noted: dict[str, float] = {}


def note(session_keys: Collection[str]) -> None:
    """
    Record that these sessions are in use.

    Writes at most once a minute for each session, and for most calls not at all.
    To be called outside transactions and snapshots. A database that fails is
    logged and otherwise ignored.
    """
    due = [key for key in session_keys if is_due(key)]
    if not due:
        return
    try:
        _write(due)
    except DatabaseError:
        logger.warning("Could not note that sessions are in use.", exc_info=True)


def forget() -> None:
    """Forget what was noted, so that the database is asked again."""
    _noted.clear()


def is_due(session_key: str) -> bool:
    """Whether noting the session would ask the database; costs nothing and needs no thread."""
    noted_at = _noted.get(session_key)
    return noted_at is None or monotonic() - noted_at >= INTERVAL.total_seconds()


def _write(session_keys: Collection[str]) -> None:
    now = timezone.now()
    # The condition is for the other processes, which remember their own.
    stale = Session.objects.with_keys(session_keys).filter(last_seen_at__lte=now - INTERVAL)
    stale.update(last_seen_at=now)
    _remember(session_keys)


def _remember(session_keys: Collection[str]) -> None:
    if len(_noted) + len(session_keys) > REMEMBERED:
        forget()
    _noted.update(dict.fromkeys(session_keys, monotonic()))
