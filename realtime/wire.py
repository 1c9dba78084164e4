"""
Writing to a connection without waiting.

A server may put a :class:`Wire` into the extensions of a scope, so that what is
ready to be sent is written at once. Over one that does not, :class:`QueuedWire`
does the same with a queue and a task.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

WIRE = "anteroom.wire"
"""The ASGI extension by which a server hands over the connection itself."""

ABORT = "anteroom.abort"
"""The ASGI extension by which a server lets an application drop a connection at once."""

SHUTDOWN = "anteroom.shutdown"
"""The ASGI extension by which a server says that it wants to stop: a set of callbacks."""

_QUEUED_MESSAGES = 16


class Wire(Protocol):
    """A WebSocket connection; a peer that does not read for ``send_deadline`` is cut."""

    @property
    def has_room(self) -> bool:
        """Whether :meth:`write` should be called now, rather than :meth:`when_room`."""
        ...

    def write(self, messages: Sequence[bytes]) -> bool:
        """
        Send text messages and tell whether there is room for more, by ``socket_buffer_bytes``.

        Nothing happens, and there is room, where the connection is closing.
        """
        ...

    def when_room(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once when there is room, or the connection is gone."""
        ...

    async def flush(self) -> None:
        """
        Wait until the server has all that was written.

        Raises:
            Disconnected: If it could not take it.

        """
        ...


class Disconnected(Exception):
    """The peer is gone, or was cut because it did not read."""


class QueuedWire:
    """
    A wire over ``send``, which gives one message to the server and waits until it is taken.

    ``send`` raises :class:`Disconnected` once nothing can be sent any more.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]]) -> None:
        self._send = send
        self._queue: deque[bytes] = deque()
        self._callbacks: list[Callable[[], None]] = []
        self._sending: asyncio.Task[None] | None = None
        self._broken = False

    @property
    def has_room(self) -> bool:
        return len(self._queue) < _QUEUED_MESSAGES

    def write(self, messages: Sequence[bytes]) -> bool:
        if self._broken:
            return True
        self._queue.extend(messages)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return self.has_room

    def when_room(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    async def flush(self) -> None:
        if self._sending is not None:
            await asyncio.wait([self._sending])
        if self._broken:
            raise Disconnected

    async def _send_all(self) -> None:
        try:
            while self._queue:
                await self._send(self._queue[0].decode())
                self._queue.popleft()
                if self.has_room:
                    self._tell()
        except Disconnected:
            self._broken = True
            self._queue.clear()
        finally:
            self._sending = None
            self._tell()

    def _tell(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
