"""Waiting a moment for those who come soon after, where many come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sized

from realtime.conf import limits

_BUSY_FOR = 0.1
"""Seconds for which one batch lets expect more."""
_MOST_WAITS = 10
_ENOUGH = 200
"""With so many, what a batch costs by itself is next to nothing for each."""


def _never() -> bool:
    return False


class Gathering:
    """
    Lets batches grow in a rush, and nobody wait otherwise.

    A thousand clients who come back within a second would by themselves make hundreds
    of small batches, each of which costs about as much as a large one. Those who were
    in one batch ask their next question together: so the batches stay large.
    """

    def __init__(self) -> None:
        self._last = -_BUSY_FOR

    async def wait(self, batch: Sized, *, is_urgent: Callable[[], bool] = _never) -> None:
        """
        Return at once or, if there was a batch just before, when for ``gathering`` seconds
        nothing has been added to ``batch``, or that is large enough; at the latest after ten
        times that.
        """
        if asyncio.get_running_loop().time() - self._last >= _BUSY_FOR:
            return
        before = 0
        for _ in range(_MOST_WAITS):
            size = len(batch)
            if size == before or size >= _ENOUGH or is_urgent():
                return
            before = size
            await asyncio.sleep(limits().gathering)

    def note(self) -> None:
        """A batch has been served."""
        self._last = asyncio.get_running_loop().time()
