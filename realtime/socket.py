"""A WebSocket as the applications of this package want it: bounded, and closed once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from realtime.conf import limits
from realtime.wire import ABORT, WIRE, Disconnected, QueuedWire, Wire

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Socket:
    """
    One WebSocket connection, over the ASGI callables of its server.

    Who writes heeds that there is room, or waits in :meth:`send`; a peer that does
    not read is cut after ``send_deadline``.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._closed = False
        self._wire: Wire = scope.get("extensions", {}).get(WIRE) or QueuedWire(self._send_text)

    @property
    def headers(self) -> Mapping[str, str]:
        """The handshake's headers by lower-case name."""
        return {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in self.scope["headers"]
        }

    @property
    def host(self) -> str:
        """The client's address, empty where there is none."""
        client = self.scope.get("client")
        return client[0] if client else ""

    async def refuse(self) -> None:
        """Answer the handshake with 403."""
        await self._receive()
        self._closed = True
        await self._send({"type": "websocket.close"})

    async def accept(self, subprotocol: str | None = None) -> None:
        await self._receive()
        await self._pass_on({"type": "websocket.accept", "subprotocol": subprotocol})

    async def receive(self) -> str | bytes:
        """
        Return what the peer sends next.

        Raises:
            Disconnected: If nothing can follow.

        """
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._closed = True
            raise Disconnected
        text = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def send(self, text: bytes) -> None:
        """
        Send ``text`` and wait until there is room for more.

        Raises:
            Disconnected: If the peer is gone, or has not read for too long.

        """
        if not self.write([text]):
            room = asyncio.Event()
            self.when_room(room.set)
            await room.wait()
        if self._closed:
            raise Disconnected

    @property
    def has_room(self) -> bool:
        """Whether there is room for more than what was written already."""
        return self._closed or self._wire.has_room

    def write(self, messages: Sequence[bytes]) -> bool:
        """Send text messages without waiting, and tell whether there is room for more."""
        return self._closed or self._wire.write(messages)

    def when_room(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once when there is room again, or the connection is gone."""
        self._wire.when_room(callback)

    async def close(self, code: int, reason: str = "") -> None:
        """Close with ``code``, unless that has happened; ``reason`` is cut to what fits."""
        if self._closed:
            return
        self._closed = True
        fitting = reason.encode()[:120].decode(errors="ignore")
        try:
            await self._wire.flush()
            await self._pass_on({"type": "websocket.close", "code": code, "reason": fitting})
        except Disconnected:
            return

    def abort(self) -> None:
        """Drop the connection without a word, where the server lets us."""
        self._closed = True
        drop = self.scope.get("extensions", {}).get(ABORT)
        if drop is not None:
            drop()

    async def _send_text(self, text: str) -> None:
        await self._pass_on({"type": "websocket.send", "text": text})

    async def _pass_on(self, message: Message) -> None:
        try:
            async with asyncio.timeout(limits().send_deadline):
                await self._send(message)
        except TimeoutError:
            self.abort()
            raise Disconnected from None
        except (OSError, RuntimeError) as error:
            # Servers raise either when the connection went away meanwhile.
            self._closed = True
            raise Disconnected from error
