"""A TCP proxy in front of one server, whose connections can be cut or left half-open."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import cast

# On, for 0 seconds: closing then sends RST and forgets what was not sent.
_NO_FAREWELL = struct.pack("ii", 1, 0)


class Proxy:
    """Carries what connects to ``port`` to the server at ``target``, both on 127.0.0.1."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self._target = target
        self._links: dict[int, Link] = {}
        self._dead: list[Link] = []
        self._server: asyncio.Server | None = None

    @property
    def links(self) -> Mapping[int, Link]:
        """The connections that are carried, by the port that the client calls from."""
        return self._links

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Link(self), "127.0.0.1", self.port)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in [*self._links.values(), *self._dead]:
            link.cut()

    def cut(self) -> int:
        """Reset all connections; returns how many."""
        links = list(self._links.values())
        for link in links:
            link.cut()
        return len(links)

    def blackhole(self) -> int:
        """Carry nothing more on the connections there are, and tell nobody; returns how many."""
        links = list(self._links.values())
        for link in links:
            link.go_dead()
        self._dead += links
        self._links.clear()
        return len(links)

    async def call(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: link.far, "127.0.0.1", self._target)
        except OSError:
            link.cut()
        if link.transport is not None and link.transport.is_closing():
            link.cut()

    def add(self, link: Link, port: int) -> None:
        self._links[port] = link

    def drop(self, port: int) -> None:
        self._links.pop(port, None)


class End(asyncio.Protocol):
    """One side of a link: what arrives here leaves at the other side."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: End
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        for data in self.waiting:
            self.transport.write(data)
        self.waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self.other.transport is None:
            self.other.waiting.append(data)
        elif not self.other.transport.is_closing():
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        if self.other.transport is not None:
            self.other.transport.close()


class Link(End):
    """One connection, from the client's side; ``far`` is its way to the server."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__()
        self.far = End()
        self.far.other, self.other = self, self.far
        self._proxy = proxy
        self._port = 0
        self._calling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        client = transport.get_extra_info("peername")
        if client is None:  # It has gone again.
            transport.close()
            return
        self._port = client[1]
        self._proxy.add(self, self._port)
        self._calling = asyncio.get_running_loop().create_task(self._proxy.call(self))

    def connection_lost(self, error: Exception | None) -> None:
        self._proxy.drop(self._port)
        super().connection_lost(error)

    def cut(self) -> None:
        for transport in self._transports():
            _reset(transport)

    def go_dead(self) -> None:
        for transport in self._transports():
            transport.pause_reading()

    def _transports(self) -> list[asyncio.Transport]:
        ends = (self.transport, self.far.transport)
        return [end for end in ends if end is not None and not end.is_closing()]


def _reset(transport: asyncio.Transport) -> None:
    near: socket.socket = transport.get_extra_info("socket")
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_FAREWELL)
    transport.abort()
