"""Frames that no library sends, or that none shows to the application, over a bare connection."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from struct import pack, unpack

import pytest

from tests.clients import DEADLINE
from tests.server import Server

CONT, TEXT, CLOSE, PING, PONG = 0, 1, 8, 9, 10
FIN = 0x80
MOST = 5
"""The messages of one socket, in the settings of the server under test."""
NOT_UTF8 = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"abc\xf5\x80\x80\x80", b'{"type": "ping\xe9"}']


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("frames"),
        DJANGO_SETTINGS_MODULE="tests.schema.limited_settings",
        LIMITS="on",
        FORWARDED_ALLOW_IPS="127.0.0.1",
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _quiet(server: Server) -> Iterator[None]:
    """Whatever comes, there is nothing to log of it."""
    before = len(server.log.read_text())
    yield
    assert server.log.read_text()[before:] == ""


class Bare:
    """A connection that says what it is told to say."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def write(self, *frames: bytes) -> None:
        self._writer.write(b"".join(frames))

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its opcode and what is in it."""
        async with asyncio.timeout(DEADLINE):
            opcode, length = await self._reader.readexactly(2)
            return opcode & 0x0F, await self._reader.readexactly(length)

    async def close_code(self) -> int:
        """That of the close frame, which is the next but for pongs; the connection ends with it."""
        opcode, content = await self.frame()
        while opcode == PONG:
            opcode, content = await self.frame()
        assert opcode == CLOSE
        await self.end()
        return int(unpack("!H", content[:2])[0])

    async def end(self) -> None:
        """Let the server end the connection; a reset means that it had not read all."""
        async with asyncio.timeout(DEADLINE):
            with suppress(ConnectionResetError):
                await self._reader.read()


def masked(opcode: int, content: bytes = b"", *, fin: bool = True) -> bytes:
    """A client's frame (RFC 6455, 5.2); the mask is of zeros and changes nothing."""
    assert len(content) < 126
    return pack("!BB4x", opcode | (FIN if fin else 0), 0x80 | len(content)) + content


HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n"
    "Sec-WebSocket-Key: {key}\r\n\r\n"
)


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[Bare]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(HANDSHAKE.format(key=key).encode())
    async with asyncio.timeout(DEADLINE):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    yield Bare(reader, writer)
    writer.transport.abort()


async def is_served(server: Server) -> bool:
    async with opened(server) as bare:
        bare.write(masked(TEXT, b'{"type": "ping"}'))
        return await bare.frame() == (TEXT, b'{"type":"pong"}')


async def test_pings_are_answered_and_one_too_many_closes(server: Server) -> None:
    async with opened(server) as bare:
        for number in range(MOST):
            bare.write(masked(PING, b"%d" % number))
            assert await bare.frame() == (PONG, b"%d" % number)

        bare.write(masked(PING))

        assert await bare.close_code() == 4429


@pytest.mark.parametrize("opcode", [PING, PONG])
async def test_a_flood_of_control_frames_in_one_breath_closes(server: Server, opcode: int) -> None:
    async with opened(server) as bare:
        bare.write(*[masked(opcode, b"x")] * 10_000)

        await bare.end()
    assert await is_served(server)


async def test_messages_and_control_frames_have_an_allowance_each(server: Server) -> None:
    async with opened(server) as bare:
        for _ in range(MOST):
            bare.write(masked(PING), masked(TEXT, b'{"type": "ping"}'))
            answers = [await bare.frame(), await bare.frame()]
            assert sorted(answers) == [(TEXT, b'{"type":"pong"}'), (PONG, b"")]


async def test_a_message_in_endless_empty_pieces_closes(server: Server) -> None:
    async with opened(server) as bare:
        bare.write(masked(TEXT, fin=False), *[masked(CONT, fin=False)] * MOST)
        bare.write(masked(CONT, fin=False))

        assert await bare.close_code() == 4429


@pytest.mark.parametrize("text", NOT_UTF8, ids=repr)
async def test_a_text_that_is_no_utf_8_closes_with_1007(server: Server, text: bytes) -> None:
    """RFC 6455, 8.1."""
    async with opened(server) as whole, opened(server) as pieces:
        whole.write(masked(TEXT, text))
        pieces.write(masked(TEXT, text[:1], fin=False), masked(CONT, text[1:]))

        assert [await whole.close_code(), await pieces.close_code()] == [1007, 1007]


async def test_a_text_that_is_no_utf_8_may_come_with_the_close(server: Server) -> None:
    async with opened(server) as bare:
        bare.write(masked(TEXT, b"\xff"), masked(CLOSE, b"\x03\xe8"))

        await bare.end()
    assert await is_served(server)


async def test_a_character_may_be_cut_in_two(server: Server) -> None:
    ping = '{"type": "ping", "payload": {"x": "é"}}'.encode()
    cut = ping.index("é".encode()) + 1
    async with opened(server) as bare:
        bare.write(masked(TEXT, ping[:cut], fin=False), masked(CONT, ping[cut:]))

        assert "é".encode() in (await bare.frame())[1]
