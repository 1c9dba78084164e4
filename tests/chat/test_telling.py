"""Telling a plain topic: what ends meanwhile ends alone."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from chat.consumers import _Telling
from realtime.follower import Follower
from realtime.socket import Socket


class Roomy:
    """A socket that takes whatever there is."""

    has_room = True


class Silent:
    """A follower that has nothing to deliver."""

    is_over = needs_the_log = False

    def take(self, most: int) -> list[object]:
        return []

    def close(self) -> None:
        pass


@pytest.mark.parametrize("ends", [True, False])
async def test_a_stream_that_ends_while_its_socket_is_closed_raises_nothing(
    ends: bool,
) -> None:  # a parameter of the test
    """G7: else those that are woken with it would not hear of the event."""
    telling = _Telling(cast("Socket", Roomy()))
    waiting = asyncio.create_task(telling.all_of(cast("Follower", Silent())))
    await asyncio.sleep(0)

    waiting.cancel()
    if ends:
        telling.end()
    else:
        telling.fail(RuntimeError())

    with pytest.raises(asyncio.CancelledError):
        await waiting
