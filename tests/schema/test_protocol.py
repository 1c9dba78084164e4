"""What lies below the messages of graphql-transport-ws: frames, close frames, and the end."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clients import DEADLINE, SUBPROTOCOL, Person
from tests.schema.conftest import create_room
from tests.schema.test_websocket import ROOM_EVENTS, USER_EVENTS, anonymous, close_code
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FIN, MASKED = 0x80, 0x80
LIMIT = 256 * 1024


class Wire:
    """A WebSocket of which the test writes every byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def write(self, frame: bytes) -> None:
        self._writer.write(frame)
        await self._writer.drain()

    async def read(self) -> tuple[int, bytes]:
        """The opcode and the payload of the next frame, which is not fragmented."""
        async with asyncio.timeout(DEADLINE):
            first, length = await self._reader.readexactly(2)
            if length == 126:
                (length,) = struct.unpack("!H", await self._reader.readexactly(2))
            return first & 0x0F, await self._reader.readexactly(length)

    async def close_code(self) -> int:
        opcode, payload = await self.read()
        assert opcode == CLOSE, payload
        code: int = struct.unpack("!H", payload[:2])[0]
        return code


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, masked: bool = True) -> bytes:
    length = len(payload)
    assert length < 126
    head = bytes([(FIN if fin else 0) | opcode, (MASKED if masked else 0) | length])
    return head + (bytes(4) if masked else b"") + payload


def announced(length: int) -> bytes:
    """The head of a text frame of which nothing else comes."""
    return bytes([FIN | TEXT, MASKED | 127]) + struct.pack("!Q", length) + bytes(4)


@asynccontextmanager
async def wired(server: Server) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = (
        f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    )
    writer.write(request.encode())
    async with asyncio.timeout(DEADLINE):
        answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


PING_MESSAGE = b'{"type": "ping"}'


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, PING_MESSAGE, masked=False), 1002),
        (frame(3), 1002),
        (frame(11), 1002),
        (frame(PING, b"x", fin=False), 1002),
        (frame(CONTINUATION, b"x"), 1002),
        (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
        (bytes([FIN | 0x40 | TEXT, MASKED]) + bytes(4), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
        (announced(LIMIT + 1), 1009),
        (announced(2**62), 1009),
        (frame(BINARY, PING_MESSAGE), 4400),
        (frame(CLOSE, struct.pack("!H", 4321) + b"bye"), 4321),
    ],
    ids=[
        *("no mask", "a reserved opcode", "a reserved control", "half a ping"),
        *("nothing to continue", "a message within a message", "a reserved bit"),
        *("half a close code", "a close code that is none", "too long", "far too long"),
        *("binary", "an ordinary end"),
    ],
)
async def test_a_frame_that_breaks_the_rules_is_answered_by_its_close_code(
    server: Server, sent: bytes, code: int
) -> None:
    """RFC 6455; the head alone tells that a frame is too long."""
    async with wired(server) as wire:
        await wire.write(sent)

        assert await wire.close_code() == code


async def test_control_frames_may_come_between_the_fragments_of_a_message(server: Server) -> None:
    async with wired(server) as wire:
        await wire.write(frame(TEXT, PING_MESSAGE[:5], fin=False))
        await wire.write(frame(PING, b"there?"))
        assert await wire.read() == (PONG, b"there?")
        await wire.write(frame(CONTINUATION, fin=False))
        await wire.write(frame(CONTINUATION, PING_MESSAGE[5:]))

        opcode, payload = await wire.read()
    assert (opcode, json.loads(payload)) == (TEXT, {"type": "pong"})


async def test_a_head_without_a_body_holds_nobody_up(server: Server) -> None:
    async with wired(server) as waiting, anonymous(server) as other:
        await waiting.write(announced(LIMIT))
        await other.send({"type": "ping"})

        assert await other.receive() == {"type": "pong"}


@pytest.mark.parametrize("query", ["{" * 5_000, "{a" * 5_000 + "}" * 5_000, "[" * 50_000])
async def test_a_document_of_any_depth_is_refused_and_the_socket_lives(
    server: Server, query: str
) -> None:
    async with anonymous(server) as socket:
        await socket.subscribe("deep", query)

        assert (await socket.receive())["type"] == "error"
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}


@pytest.mark.parametrize("how", ["invalid", "aborted", "closed"])
async def test_streams_that_were_in_flight_end_with_their_socket(
    server: Server, alice: Person, how: str
) -> None:
    """Whichever side ends it; others who follow the same room notice nothing."""
    room = await create_room(alice)
    async with alice.socket() as other:
        await other.subscribe("r", ROOM_EVENTS, room=room["id"])
        await other.next("r")
        async with alice.socket() as socket:
            for number in range(20):
                await socket.subscribe(f"r{number}", ROOM_EVENTS, room=room["id"])
                await socket.subscribe(f"u{number}", USER_EVENTS)
            for _ in range(40):
                await socket.receive()
            await _end(socket, how)
        await alice.do("sendMessage", roomId=room["id"], text="still here")

        said = await other.next("r")
    assert said["roomEvents"]["message"] == {"text": "still here"}


async def _end(socket: Any, how: str) -> None:
    if how == "invalid":
        await socket.send({"type": "what?"})
        assert await close_code(socket.connection) == 4400
    elif how == "aborted":
        socket.connection.transport.abort()
    else:
        await socket.connection.close()
