"""Waking those who follow what has moved, without holding up those who follow something else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from realtime.tail import Listener, Tail

_AT_ONCE = 250
"""Listeners of a Tail that are woken in one turn of the event loop: some 5 ms of it."""


class Waking:
    """
    Wakes all listeners of the Tails that have moved, some of each in turn.

    Telling ten thousand takes a tenth of a second and more. In between come the other Tails,
    and whatever else the event loop has to do. What a Tail takes in meanwhile is delivered in
    one go to those who are still to be woken; the others are woken again.
    """

    def __init__(self) -> None:
        self._moved: set[Tail] = set()
        self._under_way: dict[Tail, Iterator[Listener]] = {}

    def wake_soon(self, tail: Tail) -> None:
        """Begin in the next turn of the loop, so that what came at once is delivered in one go."""
        if not self._is_awaited:
            asyncio.get_running_loop().call_soon(self._go_on)
        self._moved.add(tail)

    @property
    def _is_awaited(self) -> bool:
        return bool(self._moved or self._under_way)

    def _go_on(self) -> None:
        try:
            self._begin_with_moved()
            for tail, listeners in list(self._under_way.items()):
                self._wake_some(tail, listeners)
        finally:
            if self._is_awaited:
                asyncio.get_running_loop().call_soon(self._go_on)

    def _begin_with_moved(self) -> None:
        """One that is under way has to finish first, and is begun with once more then."""
        for tail in self._moved - self._under_way.keys():
            self._moved.remove(tail)
            self._under_way[tail] = iter(list(tail.listeners))

    def _wake_some(self, tail: Tail, listeners: Iterator[Listener]) -> None:
        woken = 0
        for listener in islice(listeners, _AT_ONCE):
            woken += 1
            listener.wake()
        if woken < _AT_ONCE:
            del self._under_way[tail]
