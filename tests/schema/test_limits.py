"""What one client may do to a real server that counts, told apart by address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.clients import DEADLINE, TLS, GraphQLSocket, Person, sign_up
from tests.end_to_end.http_streams import HttpStream, HttpWire
from tests.end_to_end.http_streams import opened as opened_over_http
from tests.schema.conftest import post
from tests.schema.test_http_streams import over_both_wires
from tests.schema.test_websocket import SUBPROTOCOL, close_code
from tests.server import Server

KIB = 1024
_addresses = (f"198.51.100.{number}" for number in count(1))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("limited"),
        DJANGO_SETTINGS_MODULE="tests.schema.limited_settings",
        LIMITS="on",
    )
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def opened(server: Server, host: str, **headers: str) -> AsyncIterator[GraphQLSocket]:
    """A socket that comes through a proxy on this machine, which is trusted."""
    async with connect(
        f"{server.ws}/graphql",
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a new type of str
        additional_headers={"X-Forwarded-For": host, **headers},
    ) as connection:
        yield GraphQLSocket(connection)


async def is_served(socket: GraphQLSocket) -> bool:
    await socket.send({"type": "ping"})
    return await socket.receive() == {"type": "pong"}


async def test_an_address_has_only_so_many_sockets_and_another_has_its_own(server: Server) -> None:
    here, there = next(_addresses), next(_addresses)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            assert await is_served(await stack.enter_async_context(opened(server, here)))

        async with opened(server, here) as one_more:
            assert await close_code(one_more.connection) == 1013
        async with opened(server, there) as elsewhere:
            assert await is_served(elsewhere)

    async with opened(server, here) as again:
        assert await is_served(again)


async def test_a_person_has_only_so_many_sockets_wherever_they_come_from(server: Server) -> None:
    ann = await sign_up(server.http, server.ws, "ann")
    async with AsyncExitStack() as stack:
        for _ in range(2):
            socket = await stack.enter_async_context(
                opened(server, next(_addresses), Authorization=f"Bearer {ann.token}")
            )
            await socket.initialise()

        host = next(_addresses)
        async with opened(server, host, Authorization=f"Bearer {ann.token}") as one_more:
            await one_more.send({"type": "connection_init"})
            assert await close_code(one_more.connection) == 1013
        async with topic_of(server, ann, host) as one_more:
            assert await close_code(one_more) == 1013

    async with opened(server, host, Authorization=f"Bearer {ann.token}") as again:
        await again.initialise()


@over_both_wires
async def test_an_address_has_as_many_streams_as_sockets_and_both_together(
    server: Server, wire: HttpWire
) -> None:
    people = [await sign_up(server.http, server.ws, f"{wire}_{name}") for name in "abcd"]
    here, there = next(_addresses), next(_addresses)
    async with AsyncExitStack() as stack:
        assert await is_served(await stack.enter_async_context(opened(server, here)))
        for person in people[:2]:
            assert await _is_told(await stack.enter_async_context(_stream(person, here, wire)))

        async with _stream(people[2], here, wire) as one_more:
            assert await _refusal(one_more) == "Too many streams from this address."
        async with opened(server, here) as one_more_socket:
            assert await close_code(one_more_socket.connection) == 1013
        async with _stream(people[3], there, wire) as elsewhere:
            assert await _is_told(elsewhere)

    async with _once_more(people[2], here, wire) as again:
        assert await _is_told(again)


@over_both_wires
async def test_a_person_has_as_many_streams_as_sockets_wherever_they_come_from(
    server: Server, wire: HttpWire
) -> None:
    eve = await sign_up(server.http, server.ws, f"{wire}_eve")
    async with AsyncExitStack() as stack:
        topic = await stack.enter_async_context(topic_of(server, eve, next(_addresses)))
        assert await topic.recv()
        host = next(_addresses)
        assert await _is_told(await stack.enter_async_context(_stream(eve, host, wire)))

        host = next(_addresses)
        async with _stream(eve, host, wire) as one_more:
            assert await _refusal(one_more) == "Too many streams of this person."
        async with topic_of(server, eve, host) as one_more_topic:
            assert await close_code(one_more_topic) == 1013

    async with _once_more(eve, host, wire) as again:
        assert await _is_told(again)


@over_both_wires
async def test_a_stream_that_is_refused_or_over_takes_no_place(
    server: Server, wire: HttpWire
) -> None:
    """However often: here are places for two."""
    fay = await sign_up(server.http, server.ws, f"{wire}_fay")
    host = next(_addresses)
    for _ in range(5):
        async with _stream(fay, host, wire, after="forged") as refused:
            assert refused.status in (200, 400)
    for _ in range(5):
        async with _once_more(fay, host, wire) as told:
            assert await _is_told(told)


def _stream(
    person: Person, host: str, wire: HttpWire, after: str | None = None
) -> AbstractAsyncContextManager[HttpStream]:
    """A stream of the person's own, through the trusted proxy."""
    query = "subscription ($after: Cursor) { userEvents(after: $after) { __typename } }"
    parameters = {"query": query, "variables": {"after": after}}
    headers = {"X-Forwarded-For": host, **person.headers}
    return opened_over_http(f"{person.http}/graphql", wire, parameters, headers)


@asynccontextmanager
async def _once_more(person: Person, host: str, wire: HttpWire) -> AsyncIterator[HttpStream]:
    """A stream, as soon as the server knows that the ones before are gone."""
    async with asyncio.timeout(DEADLINE):
        while True:
            async with _stream(person, host, wire) as stream:
                if stream.status != 429:
                    yield stream
                    return


async def _is_told(stream: HttpStream) -> bool:
    assert stream.status == 200
    async with asyncio.timeout(DEADLINE):
        while (frame := await stream.frame()).kind == "heartbeat":
            pass
    return frame.data == {"data": {"userEvents": {"__typename": "CaughtUp"}}}


async def _refusal(answer: HttpStream) -> str:
    """What a refusal says, once it has everything that belongs to one."""
    assert answer.status == 429
    [error] = (await answer.body())["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert answer.headers["retry-after"] == str(error["extensions"]["retryAfter"])
    return str(error["message"])


def topic_of(server: Server, person: Person, host: str) -> Any:
    return connect(
        f"{server.ws}/ws/user/{person.database_id}",
        additional_headers={"X-Forwarded-For": host, "Authorization": f"Bearer {person.token}"},
    )


async def test_a_socket_that_says_too_much_is_closed(server: Server) -> None:
    async with opened(server, next(_addresses)) as socket:
        for _ in range(5):
            assert await is_served(socket)

        await socket.send({"type": "ping"})

        assert await close_code(socket.connection) == 4429
        assert socket.connection.close_reason == "Too many messages"


async def test_a_plain_topic_that_is_talked_to_too_much_is_closed(server: Server) -> None:
    bob = await sign_up(server.http, server.ws, "bob")
    async with topic_of(server, bob, next(_addresses)) as topic:
        await topic.recv()
        for _ in range(5):
            await topic.send("x")
        assert await (await topic.ping()) > 0

        await topic.send("x")

        assert await close_code(topic) == 4429


async def test_sign_ins_are_counted_by_what_a_trusted_proxy_says(server: Server) -> None:
    body = {"query": 'mutation { signIn(input: {username: "x", password: "y"}) { __typename } }'}

    async def outcome(forwarded: str) -> str:
        answer = await post(server, body, {"X-Forwarded-For": forwarded})
        return str(answer.json()["data"]["signIn"]["__typename"])

    here, there = next(_addresses), next(_addresses)
    assert [await outcome(here) for _ in range(3)] == ["Unauthenticated"] * 2 + ["RateLimited"]
    # What the client itself says stands further left, and counts for nothing.
    assert await outcome(f"{there}, {here}") == "RateLimited"
    assert await outcome(there) == "Unauthenticated"


def of_size(size: int) -> bytes:
    """A request of exactly so many bytes."""
    start, end = b'{"query": "{ __typename } #', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def test_a_body_of_256_kib_is_judged_and_one_byte_more_is_refused(server: Server) -> None:
    fits, exceeds = (
        await post(server, of_size(256 * KIB)),
        await post(server, of_size(256 * KIB + 1)),
    )

    assert fits.json() == {"data": {"__typename": "Query"}}
    assert exceeds.status_code == 413
    assert exceeds.json() == {"errors": [{"message": "The request is too large."}]}


async def test_a_body_that_does_not_say_how_long_it_is_is_bounded_too(server: Server) -> None:
    async def pieces(size: int) -> AsyncIterator[bytes]:
        content = of_size(size)
        for start in range(0, len(content), 16 * KIB):
            yield content[start : start + 16 * KIB]

    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        headers = {"Content-Type": "application/json"}
        statuses = [
            (
                await client.post(f"{server.http}/graphql", content=pieces(size), headers=headers)
            ).status_code
            for size in (256 * KIB, 256 * KIB + 1)
        ]

    assert statuses == [200, 413]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
async def test_a_body_is_refused_before_its_end_has_come(server: Server, announced: bool) -> None:
    """Who waits for the end keeps whatever comes until then."""
    size = 256 * KIB + 1
    length = "Content-Length: 9000000" if announced else "Transfer-Encoding: chunked"
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{length}"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)

    writer.write(f"{head}\r\n\r\n".encode())
    if not announced:
        writer.write(f"{size:x}\r\n".encode() + of_size(size) + b"\r\n")

    async with asyncio.timeout(DEADLINE):
        assert b" 413 " in await reader.readline()
    writer.transport.abort()


async def test_a_frame_of_256_kib_is_judged_and_one_byte_more_closes(server: Server) -> None:
    async with opened(server, next(_addresses)) as socket:
        await socket.connection.send("x" * 256 * KIB)
        assert await close_code(socket.connection) == 4400

    async with opened(server, next(_addresses)) as socket:
        await socket.connection.send("x" * (256 * KIB + 1))
        assert await close_code(socket.connection) == 1009


async def test_an_operation_that_asks_for_too_much_ends_alone_on_a_socket(server: Server) -> None:
    async with asyncio.timeout(DEADLINE), opened(server, next(_addresses)) as socket:
        await socket.initialise()
        await socket.subscribe("1", "{" + " __typename" * 21 + " }")

        message = await socket.receive()

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "OPERATION_TOO_COMPLEX"
        assert await is_served(socket)
