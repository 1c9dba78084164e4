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
