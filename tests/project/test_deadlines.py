"""Clients that begin something and do not finish it, over bare connections to a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import DEADLINE, Person, sign_up
from tests.project.test_heads import CHUNKED, GET, HANDSHAKE, opened, write_on
from tests.server import Server

TIMEOUT = 1
"""Seconds: ``REQUEST_TIMEOUT``. What trickles takes a tenth of it for each piece."""
PACE = TIMEOUT / 10
PATIENCE = 3
"""Where a request must come in time, though the machine be busy."""
POST = (
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2000\r\n\r\n"
)
PING = b"\x89\x80" + bytes(4)
PONG = b"\x8a\x00"
UNFINISHED = {
    "head": GET + b"X: ",
    "trailers": CHUNKED + b"2\r\n{}\r\n0\r\nX: ",
    "handshake": b"GET /graphql HTTP/1.1\r\n" + HANDSHAKE,
    "body": POST + b'{"query": "',
    "chunk": CHUNKED + b"800\r\n{",
    "second head": GET + b"\r\n" + GET,
    "second body": GET + b"\r\n" + POST + b"{",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("deadlines"), REQUEST_TIMEOUT=str(TIMEOUT))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, REQUEST_TIMEOUT=str(PATIENCE))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def alice(server: Server) -> Person:
    return asyncio.run(sign_up(server.http, server.ws, "alice"))


async def answers_to(server: Server, beginning: bytes, *, pieces: float) -> bytes:
    """All that is answered until the connection ends, if it goes on in pieces of a byte."""
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        writer.write(beginning)
        trickle = asyncio.create_task(trickled(writer, pieces))
        answers = await reader.read()
        trickle.cancel()
        return answers


async def trickled(writer: asyncio.StreamWriter, pieces: float) -> None:
    with suppress(ConnectionError):
        while pieces > 0:
            await asyncio.sleep(PACE)
            writer.write(b"a")
            pieces -= 1


async def deadline_passed(server: Server) -> None:
    """Wait until the server has given up who has come now."""
    assert await answers_to(server, b"", pieces=0) == b""


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(GET + b"\r\n")
    return await reader.readuntil(b"}")


async def asked_in_two_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Of which the server has seen one before the other comes."""
    body = b'{"query": "{ __typename }"}'
    writer.write(POST.replace(b"2000\r\n", b"%d\r\nExpect: 100-continue\r\n" % len(body)))
    await reader.readuntil(b" 100 Continue\r\n\r\n")
    writer.write(body)
    return await reader.readuntil(b"}}")


@pytest.mark.parametrize("beginning", [b"", b"\r\n", GET + b"\r\n"], ids=["new", "blank", "served"])
async def test_a_connection_without_a_request_is_closed_without_a_word(
    server: Server, beginning: bytes
) -> None:
    answers = await answers_to(server, beginning, pieces=0)

    assert answers.count(b"HTTP/1.1 ") == beginning.count(b"HTTP/1.1")
    assert b" 408 " not in answers


@pytest.mark.parametrize("pieces", [0, inf], ids=["silent", "trickling"])
@pytest.mark.parametrize("name", UNFINISHED)
async def test_a_request_that_does_not_end_is_given_up(
    server: Server, name: str, pieces: float
) -> None:
    said = server.log.read_text()

    *earlier, last = (await answers_to(server, UNFINISHED[name], pieces=pieces)).split(b"HTTP/1.1 ")

    assert last.startswith(b"408 ")
    assert b"\r\nconnection: close\r\n" in last
    assert [answer[:4] for answer in earlier if answer] == [b"200 "] * ("second" in name)
    assert server.log.read_text() == said


async def test_what_is_no_request_buys_no_time(server: Server) -> None:
    """Blank lines before a request are skipped (RFC 9112, 2.2), and stop uvicorn's own timer."""
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        await asked(reader, writer)
        with pytest.raises(ConnectionError):
            await write_on(writer, b"\r\n", pace=PACE)


async def test_who_is_slow_has_the_time_for_each_request_anew(patient: Server) -> None:
    """Nor does it count how long the connection was silent before its first."""
    async with opened(patient) as (reader, writer), asyncio.timeout(DEADLINE):
        await asyncio.sleep(0.6 * PATIENCE)
        for _ in range(2):
            writer.write(GET + b"X: ")
            await asyncio.sleep(0.6 * PATIENCE)
            writer.write(b"\r\n\r\n")

            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")


async def test_who_has_the_answer_may_wait_with_the_next_request(server: Server) -> None:
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        first = await asked_in_two_pieces(reader, writer)
        await deadline_passed(server)
        second = await asked(reader, writer)

    assert (first[:13], second[:13]) == (b"HTTP/1.1 200 ", b"HTTP/1.1 200 ")


async def test_requests_that_come_at_once_are_all_answered(server: Server) -> None:
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        writer.write(3 * (GET + b"\r\n"))
        answers = [await reader.readuntil(b"}") for _ in range(3)]
        await deadline_passed(server)
        answers.append(await asked(reader, writer))

    assert {answer[:13] for answer in answers} == {b"HTTP/1.1 200 "}


@pytest.mark.parametrize("behind", [b"", b"\r\n", GET, POST], ids=["none", "blank", "head", "body"])
async def test_a_stream_goes_on_whatever_is_sent_behind_it(
    server: Server, alice: Person, behind: bytes
) -> None:
    stream = (
        "GET /graphql?query=subscription{userEvents{__typename}} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Accept: text/event-stream\r\nAuthorization: {alice.headers['Authorization']}\r\n\r\n"
    )
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        writer.write(stream.encode())
        await reader.readuntil(b"CaughtUp")
        writer.write(behind)
        await deadline_passed(server)
        await deadline_passed(server)
        await alice.do("createRoom", title="Late", access="OPEN")

        assert await reader.readuntil(b"RoomJoined")


async def test_a_socket_outlives_the_time_for_its_handshake(server: Server) -> None:
    async with opened(server) as (reader, writer), asyncio.timeout(DEADLINE):
        writer.write(GET + b"\r\n" + UNFINISHED["handshake"])
        await reader.readuntil(b"}")  # so the server has seen the half
        writer.write(b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await deadline_passed(server)
        writer.write(PING)

        assert await reader.readexactly(len(PONG)) == PONG


@pytest.mark.parametrize("pace", [PACE, inf], ids=["trickling", "silent"])
async def test_a_message_that_does_not_end_is_given_up(alice: Person, pace: float) -> None:
    async def pieces() -> AsyncIterator[str]:
        yield '{"type": "'
        while True:
            await asyncio.sleep(min(pace, DEADLINE))
            yield "a"

    async with alice.socket() as socket, asyncio.timeout(DEADLINE):
        sending = asyncio.create_task(socket.connection.send(pieces()))
        with pytest.raises(ConnectionClosed):
            await socket.connection.recv()
        sending.cancel()

    assert socket.connection.close_code == 4408


async def test_a_message_in_pieces_that_ends_is_answered(alice: Person, server: Server) -> None:
    async with alice.socket() as socket:
        await socket.connection.send(['{"type":', '"ping"}'])
        first = await socket.receive()
        await deadline_passed(server)
        await socket.connection.send(['{"type":', '"ping"}'])

        assert first == await socket.receive() == {"type": "pong"}
