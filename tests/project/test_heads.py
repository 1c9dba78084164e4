"""The head of a request, which comes before anybody knows who sends it, over a bare connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import NoReturn

import pytest

from tests.clients import DEADLINE
from tests.server import Server

MOST = 64 * 1024
LINE = 8 * 1024
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CHUNKED = (
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)
HANDSHAKE = (
    b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("heads"))
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def opened(
    server: Server,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def status_after(server: Server, head: bytes, piece: int = 10_000) -> str:
    """The status that a head is answered with before the server ends the connection."""
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        for start in range(0, len(head), piece):
            writer.write(head[start : start + piece])
            with suppress(ConnectionError):
                await writer.drain()
        line = await reader.readline()
        with suppress(ConnectionError):
            await reader.read()
        return line.decode().split(" ")[1]


async def write_on(writer: asyncio.StreamWriter, piece: bytes, pace: float = 0.0) -> NoReturn:
    while True:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(pace)


def header(size: int) -> bytes:
    return b"X: " + b"a" * (size - 5) + b"\r\n"


@pytest.mark.parametrize("piece", [10_000, 10 * MOST], ids=["in pieces", "at once"])
@pytest.mark.parametrize(
    "head",
    [
        GET + header(MOST) + b"Connection: close\r\n\r\n",
        GET + header(16) * (MOST // 16) + b"Connection: close\r\n\r\n",
        b"GET /" + b"a" * MOST + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"GET /graphql HTTP/1.1\r\n" + HANDSHAKE + header(MOST) + b"\r\n",
    ],
    ids=["one header", "many headers", "address", "handshake"],
)
async def test_a_head_that_is_too_large_is_refused(server: Server, head: bytes, piece: int) -> None:
    assert await status_after(server, head, piece) == "431"


@pytest.mark.parametrize("endless", [b"a", b"X: a\r\n"], ids=["one", "many"])
@pytest.mark.parametrize("beginning", [GET + b"X: ", b"GET /", CHUNKED + b"0\r\nX: "])
async def test_what_never_ends_is_not_kept(
    server: Server, beginning: bytes, endless: bytes
) -> None:
    async with opened(server) as (_, writer), asyncio.timeout(DEADLINE):
        writer.write(beginning)
        # It is told so, if it listens; who goes on writing sees the connection end.
        with pytest.raises(ConnectionError):
            await write_on(writer, endless * 1_000)


async def test_a_body_may_come_in_pieces_of_a_byte(server: Server) -> None:
    body = b'{"query": "{ __typename }", "extensions": {"x": "' + b"a" * MOST + b'"}}'
    pieces = b"".join(b"1\r\n" + body[at : at + 1] + b"\r\n" for at in range(len(body)))

    assert await status_after(server, CHUNKED + pieces + b"0\r\n\r\n") == "200"


async def test_a_large_head_is_served(server: Server) -> None:
    head = GET + header(MOST - 1_000) + b"Connection: close\r\n\r\n"

    assert await status_after(server, head) == "200"


@pytest.mark.parametrize("pairs", [1, 30_000])
async def test_a_cookie_that_takes_long_to_read_is_as_if_it_were_not_there(
    server: Server, pairs: int
) -> None:
    """Others wait meanwhile; a session's cookie that opens nothing would be deleted."""
    nonsense = b'sessionid="' + b"\\\\" * pairs + b'"'
    head = GET + b"Cookie: %b; a=b\r\n\r\n"

    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        answers = []
        for cookie in (b"sessionid=?", nonsense):
            writer.write(head % cookie)
            answers.append((await reader.readuntil(b"\r\n\r\n")).lower())
            await reader.readuntil(b"}")

    assert [b"set-cookie: sessionid=" in each for each in answers] == [True, False]


async def test_each_request_of_a_connection_has_a_head_of_its_own(server: Server) -> None:
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        for _ in range(3):
            writer.write(GET + header(MOST - 1_000) + b"\r\n")
            answer = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in answer
            await reader.readuntil(b"}")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /graphql HTTP/1.1\r\n" + HANDSHAKE + b"X: a\r\n" * 128, "431"),
        (b"GET /graphql HTTP/1.1\r\n" + HANDSHAKE + header(LINE + 1), "431"),
        (b"GET /graphql?" + b"a" * LINE + b" HTTP/1.1\r\n" + HANDSHAKE, "414"),
        (b"GET /graphql HTTP/1.1\r\n" + HANDSHAKE + b"Content-Length: 3\r\n", "400"),
    ],
    ids=["many headers", "one header", "address", "a body"],
)
async def test_a_handshake_that_cannot_be_read_is_answered_and_closed(
    server: Server, head: bytes, status: str
) -> None:
    assert await status_after(server, head + b"\r\n") == status
