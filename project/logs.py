"""What the server's log says, and how often."""

from __future__ import annotations

import logging
import time
from math import inf

SAME_TROUBLE = 60.0
"""Seconds: what is said again within them belongs to the trouble that was told of already."""


class OncePerTrouble(logging.Filter):
    """
    Lets the first record of a trouble through, in one line.

    For libraries that repeat themselves, with a traceback each time, for as long as
    a server is away.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._last: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        before, now = self._last.get(record.msg, -inf), time.monotonic()
        self._last[record.msg] = now
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = f"{record.getMessage()}: {record.exc_info[1]!r}", None
            record.exc_info = record.exc_text = None
        return now - before > SAME_TROUBLE


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
