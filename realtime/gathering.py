"""Waiting a moment for those who come soon after, where many come."""

from __future__ import annotations

import asyncio

from realtime.conf import limits

_BUSY_FOR = 0.1
"""Seconds for which one batch lets expect more."""


class Gathering:
    """
    Lets batches grow in a rush, and nobody wait otherwise.

    A thousand clients who come back within a second would by themselves make hundreds
    of small batches, each of which costs about as much as a large one.
    """

    def __init__(self) -> None:
        self._last = -_BUSY_FOR

    async def wait(self) -> None:
        """Return at once, or after ``gathering`` seconds if there was a batch just before."""
        if asyncio.get_running_loop().time() - self._last < _BUSY_FOR:
            await asyncio.sleep(limits().gathering)

    def note(self) -> None:
        """A batch has been served."""
        self._last = asyncio.get_running_loop().time()
