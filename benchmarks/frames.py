"""WebSocket frames as a client needs them (RFC 6455, 5.2), and no more."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator

TEXT = 0x81
CLOSE = 0x88
PING = 0x89
_PONG = 0x8A
_MASKED = 0x80
# A mask of zeros leaves the payload as it is, and servers cannot tell it from another.
_MASK = b"\0\0\0\0"


def handshake(path: str, port: int, subprotocol: str | None) -> bytes:
    """The request that opens a WebSocket; it offers no extensions, so nothing is deflated."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
    ]
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode()


def text(payload: bytes) -> bytes:
    """A text frame from a client."""
    return _frame(TEXT, payload)


def pong(payload: bytes) -> bytes:
    return _frame(_PONG, payload)


def split(buffer: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Give the first byte, the payload and the end of each whole frame from a server."""
    at = 0
    while (found := header(buffer, at)) is not None:
        start, end = found
        if end > len(buffer):
            return
        yield buffer[at], buffer[start:end], end
        at = end


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes([first, _MASKED | size]) + _MASK + payload
    return bytes([first, _MASKED | 126]) + size.to_bytes(2) + _MASK + payload


def header(buffer: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at ``at`` begins and ends, if its header is whole."""
    if len(buffer) < at + 2:
        return None
    size = buffer[at + 1]
    if size < 126:
        return at + 2, at + 2 + size
    width = 2 if size == 126 else 8
    start = at + 2 + width
    if len(buffer) < start:
        return None
    return start, start + int.from_bytes(buffer[at + 2 : start])
