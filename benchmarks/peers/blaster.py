"""
``python -m benchmarks.peers.blaster PORT``: ready frames, written straight to the transports.

It is no peer: it shows what the load can take, and what the kernel and the event loop cost.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from typing import cast

import uvloop

from benchmarks import frames
from project.serve import _allow_many_sockets

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_subscribed: list[asyncio.Transport] = []


class Socket(asyncio.Protocol):
    """Answers a handshake and then short frames, masked with zeros as our load masks them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._is_open = False

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            self._is_open = True
            self._transport.write(_welcome(data))
        elif data[0] == frames.TEXT:
            self._obey(json.loads(data[data.index(b"{") :]))

    def _obey(self, message: dict[str, str]) -> None:
        if "subscribe" in message:
            _subscribed.append(self._transport)
            self._transport.write(_frame(b"subscribed"))
            return
        self._transport.write(_frame(b"taken"))
        frame = _frame(f"{message['text']:300}".encode())
        for transport in _subscribed:
            transport.write(frame)


def _welcome(request: bytes) -> bytes:
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  # RFC 6455
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    header = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2)
    return bytes([frames.TEXT]) + header + payload


async def main(port: int) -> None:
    _allow_many_sockets()
    server = await asyncio.get_running_loop().create_server(Socket, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
