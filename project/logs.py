"""What the server's log says, and how often."""

from __future__ import annotations

import logging
import time
from collections.abc import Hashable
from math import inf

SAME_TROUBLE = 60.0
"""Seconds: what is said again within them belongs to the trouble that was told of already."""
FEW = 5
"""The refusals of one kind that are told of in a minute: a mistake of ours may be among them."""
LONGEST = 300
"""Characters of a refusal; it may hold what the client sent."""


class OncePerTrouble(logging.Filter):
    """
    Lets the first record of a trouble through, in one line.

    For libraries that repeat themselves, with a traceback each time, for as long as
    a server is away.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        trouble, now = record.msg, time.monotonic()
        before = self._last.get(trouble, -inf)
        self._last[trouble] = now
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[1]!r}", None
            record.exc_info = record.exc_text = None
        return now - before > SAME_TROUBLE


class Refusals(logging.Filter):
    """
    Lets a few records of each kind of refusal through in a minute, each in one short line.

    Anybody can be refused as often as they like, and would fill a disk. What went
    wrong here (5xx) is told of each time, with its traceback.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._told: dict[Hashable, tuple[float, int]] = {}
        """By kind, since when, and how many."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _is_refusal(record) or self._is_one_of_few(record)

    def _is_one_of_few(self, record: logging.LogRecord) -> bool:
        # Django's messages may hold what the client has sent, uvicorn's do not.
        kind = record.name, getattr(record, "status_code", record.msg)
        since, told = self._told.get(kind, (-inf, 0))
        if time.monotonic() - since > SAME_TROUBLE:
            since, told = time.monotonic(), 0
        self._told[kind] = since, told + 1
        record.msg, record.args = _in_short(record), None
        record.exc_info = record.exc_text = None
        return told < FEW


def _in_short(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.exc_info and (error := record.exc_info[1]) is not None:
        why = str(error) or type(error).__name__
        message = message if why in message else f"{message}: {why}"
    return message if len(message) <= LONGEST else f"{message[:LONGEST]} …"


def _is_refusal(record: logging.LogRecord) -> bool:
    status = getattr(record, "status_code", None)
    if status is None:
        return record.name == "uvicorn.error" and record.levelno == logging.WARNING
    return isinstance(status, int) and 400 <= status < 500


class Changes:
    """Tells when a state changes, and not that it lasts, however often it is looked at."""

    def __init__(self, logger: logging.Logger, *, good: str) -> None:
        self._logger = logger
        self._good = self._last = good

    def tell(self, state: str, why: str) -> None:
        """Log what is a change: a warning, or an info if ``state`` is the good one."""
        if state == self._last:
            return
        level = logging.INFO if state == self._good else logging.WARNING
        self._logger.log(level, "This process is %s (%s).", state, why)
        self._last = state


class News(logging.Filter):
    """Leaves out Django's record of each ``/readyz`` that says 503: :class:`Changes` told of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", None)
        return path != "/readyz" or getattr(record, "status_code", None) != 503
