"""Work that goes on for as long as its owner lives, whatever fails meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

_PAUSE_AFTER_FAILURE = 0.5


async def forever(
    work: Callable[[], Awaitable[None]],
    *,
    name: str,
    on_failure: Callable[[], None] = lambda: None,
) -> None:
    """
    Do ``work`` again and again until cancelled.

    A failure is logged when it begins and when it is over, not in between, and
    told to ``on_failure`` each time.
    """
    failing = False
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # whatever it was, the work must go on
            if not failing:
                logger.warning("%s fails and will be tried again: %r", name, error)
            failing = True
            on_failure()
            await asyncio.sleep(_PAUSE_AFTER_FAILURE)
        else:
            if failing:
                logger.info("%s works again.", name)
            failing = False
