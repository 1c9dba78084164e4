"""Connections that the server closes, and whose peer does not let go, under a real uvicorn."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import Any, TypeAlias

import pytest
import uvicorn
import uvloop

from project.http import HttpProtocol
from project.server import WebSocketProtocol
from realtime.conf import limits
from realtime.socket import Receive, Scope, Send
from tests.clients import DEADLINE
from tests.project.test_heads import GET, HANDSHAKE
from tests.project.test_server import HALF, NewLoop

ENDLESS = GET.replace(b"/healthz", b"/endless") + b"\r\n"
UPGRADE = b"GET / HTTP/1.1\r\n" + HANDSHAKE + b"\r\n"
MASK = bytes(4)

Filled: TypeAlias = Callable[[Any], Awaitable[None]]


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> Any:
    settings.REALTIME = {"send_deadline": 0.3}
    settings.REQUEST_TIMEOUT = 1
    limits.cache_clear()
    yield
    limits.cache_clear()


@pytest.fixture(params=[uvloop.Loop, asyncio.SelectorEventLoop])
def new_loop(request: pytest.FixtureRequest) -> NewLoop:
    made: NewLoop = request.param
    return made


class Connections:
    """Those of the server, as it has made them and taken leave of them."""

    def __init__(self) -> None:
        self.made: asyncio.Queue[Any] = asyncio.Queue()
        self.lost: asyncio.Queue[Any] = asyncio.Queue()
        self.left: asyncio.Queue[None] = asyncio.Queue()
        """Of each answer without an end: that it was told that nobody is there any more."""

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await _until("websocket.disconnect", receive)
            return
        await send({"type": "http.response.start", "status": 200})
        if scope["path"] == "/endless":
            leaving = asyncio.create_task(_until("http.disconnect", receive))
            while not leaving.done():
                await send({"type": "http.response.body", "body": b"more", "more_body": True})
                await asyncio.sleep(0.001)  # a stream has its pace
            self.left.put_nowait(None)
        await send({"type": "http.response.body"})

    def of(self, protocol: Any) -> Any:
        connections = self

        class Told(protocol):  # type: ignore[misc]  # a class of ours, whichever
            def connection_made(self, transport: Any) -> None:
                super().connection_made(transport)
                connections.made.put_nowait(self)

            def connection_lost(self, exc: Exception | None) -> None:
                super().connection_lost(exc)
                connections.lost.put_nowait(self)

        return Told


async def _until(kind: str, receive: Receive) -> None:
    while (await receive())["type"] != kind:
        pass


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[int, Connections]]:
    """A port, and what happens there."""
    connections = Connections()
    config = uvicorn.Config(
        connections.answer,  # type: ignore[arg-type]  # uvicorn spells ASGI out
        http=connections.of(HttpProtocol),
        ws=connections.of(WebSocketProtocol),
        interface="asgi3",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=1,
        ws_ping_interval=0.2,
        ws_ping_timeout=0.2,
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1], connections
        finally:
            server.should_exit = server.force_exit = True
            await running


@asynccontextmanager
async def peer(port: int) -> AsyncIterator[socket.socket]:
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HALF)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        yield connection


async def fill(protocol: Any) -> None:
    """Write more than the peer's side takes, and not so much that this alone has it cut."""
    own = protocol.transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HALF)
    while not await is_stuck(protocol.transport):
        protocol.transport.write(b"x" * HALF)
    assert protocol._cut is None


async def fill_system(protocol: Any) -> None:
    """Leave no room for anything beneath the transport, which has nothing to write itself."""
    own = protocol.transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HALF)
    refused = 0
    while refused < 50:
        await asyncio.sleep(0.001)
        try:
            os.write(own.fileno(), b"x" * HALF)
        except BlockingIOError:
            refused += 1
    assert protocol.transport.get_write_buffer_size() == 0


async def is_stuck(transport: asyncio.Transport) -> bool:
    """Whether something is left that nobody takes, however many turns the loop has."""
    for _ in range(50):
        await asyncio.sleep(0.001)
        if transport.get_write_buffer_size() == 0:
            return False
    return True


@pytest.mark.parametrize(
    ("before", "filled", "last"),
    [
        (b"", fill, b"GET "),
        (b"", fill, b"\0\r\n\r\n"),
        (GET + b"\r\n", fill, b""),
        (b"", fill_system, UPGRADE.replace(b"13", b"7")),
    ],
    ids=["late", "garbage", "idle", "refused"],
)
def test_who_is_closed_does_not_stay_for_what_they_do_not_read(
    new_loop: NewLoop, before: bytes, filled: Filled, last: bytes
) -> None:
    """Closing waits until all is read, and they read nothing."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with (
            asyncio.timeout(DEADLINE),
            serving() as (port, connections),
            peer(port) as frozen,
        ):
            await loop.sock_sendall(frozen, before)
            if before:
                assert await loop.sock_recv(frozen, 1)
            await filled(await connections.made.get())
            await loop.sock_sendall(frozen, last)

            await connections.lost.get()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


def test_no_socket_begins_behind_an_answer_that_is_not_read(new_loop: NewLoop) -> None:
    """G7: the answer has the room of what would be written there, and nobody would say so."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with (
            asyncio.timeout(DEADLINE),
            serving() as (port, connections),
            peer(port) as frozen,
        ):
            await fill(await connections.made.get())
            await loop.sock_sendall(frozen, UPGRADE)

            await connections.lost.get()
            assert connections.made.empty()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("behind", [b"", GET + b"\r\n", UPGRADE], ids=["", "request", "upgrade"])
def test_an_answer_hears_that_its_client_is_gone_whatever_came_behind_its_request(
    new_loop: NewLoop, behind: bytes
) -> None:
    """Or it would go on for ever, or end in a traceback for anybody who likes to leave."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DEADLINE), serving() as (port, connections):
            async with peer(port) as leaving:
                await loop.sock_sendall(leaving, ENDLESS + behind)
                assert await loop.sock_recv(leaving, 1)

            await connections.left.get()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("beginning", [b"\x81", b"\x81\x85" + MASK + b"ab", b"\x01\x85" + MASK])
def test_who_stops_within_a_frame_is_closed_for_answering_no_ping(
    new_loop: NewLoop, beginning: bytes
) -> None:
    """RFC 6455, 5.4: control frames stand between the pieces of a message, not within them."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(DEADLINE), serving() as (port, _), peer(port) as stuck:
            await loop.sock_sendall(stuck, UPGRADE)
            assert b" 101 " in await loop.sock_recv(stuck, 10_000)
            await loop.sock_sendall(stuck, beginning)
            said = b""
            while piece := await loop.sock_recv(stuck, 10_000):
                said += piece

            assert (1011).to_bytes(2, "big") + b"keepalive ping timeout" in said

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(play())
