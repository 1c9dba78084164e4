"""
The bell: telling the processes that there is something new to read.

A ring is a hint and no more. It may be lost, repeated or late, and nothing but
time is lost with it; so ringing never raises and never makes a change wait.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from realtime import fanout
from realtime.conf import limits
from realtime.event import Event

if TYPE_CHECKING:
    from realtime.fanout import Fanout

logger = logging.getLogger(__name__)

_serving: list[Fanout] = []


def ring(epoch: str, event: Event) -> None:
    """Tell all processes that ``event`` is committed. Call it from any thread."""
    _ring(event.topic, fanout.ring_of(epoch, event))


def ring_group(group: str) -> None:
    """Tell all processes that listen on ``group`` to look again. Call it from any thread."""
    _ring(group, {})


def hang(bell: Fanout) -> None:
    """Let rings of this process go through ``bell``, which its event loop serves."""
    _serving.append(bell)


def take_down(bell: Fanout) -> None:
    _serving.remove(bell)


def _ring(group: str, message: dict[str, Any]) -> None:
    if _serving:
        _serving[-1].ring_soon(group, message)
    elif fanout.reaches_other_processes():
        _ring_and_wait(group, message)


def _ring_and_wait(group: str, message: dict[str, Any]) -> None:
    """Ring from a process that serves nobody: a shell, a management command."""
    try:
        async_to_sync(fanout.ring_now)(group, message)
    except Exception as error:  # noqa: BLE001  # a layer raises whatever its client library does
        logger.warning(
            "A ring was lost (%s): followers read the log within %.0f s.",
            repr(error),
            limits().heads_interval,
        )
