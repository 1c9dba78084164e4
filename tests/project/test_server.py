"""The WebSocket protocol under a real uvicorn: whole frames, and bounded patience."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import pytest
import uvicorn
import uvloop
from django.conf import settings as current_settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from project.server import WebSocketProtocol
from realtime.conf import limits
from realtime.socket import Receive, Scope, Send, Socket
from realtime.wire import Disconnected
from tests.clients import DEADLINE

HALF = 32_768


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> Any:
    """A small buffer, and a deadline that can be waited for."""
    settings.REALTIME = {"socket_buffer_bytes": 2 * HALF, "send_deadline": 0.3}
    limits.cache_clear()
    yield
    limits.cache_clear()


def _be_patient(seconds: float) -> None:
    """Let a peer that does not read be waited for as long as that."""
    current_settings.REALTIME["send_deadline"] = seconds
    limits.cache_clear()


class App:
    """Accepts sockets, keeps them, and tells when each has gone."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[Socket] = asyncio.Queue()
        self.gone: asyncio.Queue[Socket] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return
        socket = Socket(scope, receive, send)
        await socket.accept()
        self.opened.put_nowait(socket)
        try:
            while True:
                await socket.receive()
        except Disconnected:
            self.gone.put_nowait(socket)


class Served:
    """A server in this process, and the peers that are connected to it."""

    def __init__(self, app: App, port: int, protocols: Sequence[WebSocketProtocol]) -> None:
        self.app = app
        self.address = f"ws://127.0.0.1:{port}"
        self.protocols = protocols

    @asynccontextmanager
    async def peer(self, **kwargs: Any) -> AsyncIterator[tuple[ClientConnection, Socket]]:
        async with connect(self.address, **kwargs) as connection:
            yield connection, await self.app.opened.get()


NewLoop: TypeAlias = Callable[[], asyncio.AbstractEventLoop]
Scenario: TypeAlias = Callable[[Served, pytest.LogCaptureFixture], Awaitable[None]]


@asynccontextmanager
async def serving() -> AsyncIterator[Served]:
    made: list[WebSocketProtocol] = []

    class Remembered(WebSocketProtocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    app = App()
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn spells ASGI out
        ws=Remembered,
        lifespan="off",
        log_config=None,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield Served(app, listener.getsockname()[1], made)
        finally:
            server.should_exit = server.force_exit = True
            await serving


async def until_closed(connection: ClientConnection) -> AsyncIterator[str | bytes]:
    """What arrives before the close, whatever its code."""
    with suppress(ConnectionClosed):
        while True:
            yield await connection.recv()


def on_both_loops(scenario: Scenario) -> Callable[[NewLoop, pytest.LogCaptureFixture], None]:
    """Transports differ in when they write, and in when they say that there is no room."""

    async def play(caplog: pytest.LogCaptureFixture) -> None:
        async with serving() as served:
            await scenario(served, caplog)

    @pytest.mark.parametrize("new_loop", [uvloop.Loop, asyncio.SelectorEventLoop])
    def test(new_loop: NewLoop, caplog: pytest.LogCaptureFixture) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(play(caplog))

    test.__doc__ = scenario.__doc__
    return test


async def _freeze(connection: ClientConnection, protocol: WebSocketProtocol) -> int:
    """Let the peer read nothing any more, and write until it has no room; return how much."""
    connection.transport.pause_reading()
    written = 1
    while protocol.write([_numbered(written)]):
        written += 1
        await asyncio.sleep(0)
    return written


def _numbered(number: int) -> bytes:
    return b"%d" % number + b" " * HALF


@on_both_loops
async def test_a_message_of_any_length_arrives_whole(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 6455, 5.2: the length is said in three ways."""
    lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000, 3]
    texts = [b"x" * length for length in lengths]

    async with served.peer() as (connection, socket):
        for part in [*([each] for each in texts), texts]:
            await asyncio.sleep(0)
            socket.write(part)
        async with asyncio.timeout(DEADLINE):
            received = [await connection.recv(decode=False) for _ in range(2 * len(texts))]

    assert received == texts * 2


@on_both_loops
async def test_what_is_written_comes_before_the_close_that_follows_it(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with served.peer() as (connection, socket):
        socket.write([b"1", b"2"])
        await socket.send(b"3")
        await socket.close(4401, "Signed out")
        socket.write([b"too late"])

        received = [text async for text in until_closed(connection)]

    assert received == ["1", "2", "3"]
    assert connection.close_code == 4401


@on_both_loops
async def test_a_peer_that_does_not_read_is_cut_at_the_deadline_and_no_other(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """G7: it holds its bound and delays nobody."""
    _be_patient(2.0)  # for longer than the others' deliveries take on a busy machine
    async with served.peer() as (frozen, _), served.peer() as (reader, other):
        protocol = served.protocols[0]
        await _freeze(frozen, protocol)
        let_go = asyncio.Event()
        protocol.when_room(let_go.set)
        held = protocol.transport.get_write_buffer_size()
        was_full = not protocol.has_room

        other.write([b"meanwhile"])
        meanwhile = await reader.recv()
        in_time = not let_go.is_set()
        async with asyncio.timeout(DEADLINE):
            await let_go.wait()
            gone = await served.app.gone.get()
        other.write([b"afterwards"])

        assert (meanwhile, await reader.recv()) == ("meanwhile", "afterwards")
        assert in_time
        assert held <= 2 * HALF + HALF + 100
        assert was_full
        assert protocol.has_room
        assert all(protocol.write([b"x"]) for _ in range(20))
        assert gone is not other
        frozen.transport.abort()
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


@on_both_loops
async def test_a_peer_that_reads_again_in_time_is_not_cut_and_misses_nothing(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """G7: a slow one is merely slow."""
    _be_patient(DEADLINE)
    async with served.peer(max_size=None) as (connection, _):
        protocol = served.protocols[-1]
        written = await _freeze(connection, protocol)
        room = asyncio.Event()
        protocol.when_room(room.set)

        connection.transport.resume_reading()
        async with asyncio.timeout(DEADLINE):
            received = [await connection.recv() for _ in range(written)]
            await room.wait()

        assert [int(each) for each in received] == list(range(1, written + 1))
        assert protocol._cut is None
        assert protocol.write([b"more"])
        assert await connection.recv() == "more"


@on_both_loops
async def test_who_is_told_of_room_is_told_once(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async with served.peer() as (_, socket):
        told = []
        room = asyncio.Event()
        socket.when_room(lambda: (told.append(1), room.set()))  # type: ignore[func-returns-value]  # both are done

        await room.wait()
        await socket.send(b"x")

    assert told == [1]


@on_both_loops
async def test_there_is_no_room_once_it_is_taken_whoever_is_still_to_be_told_of_it(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """G7: or there would seem to be room until the peer reads, and it need not."""
    async with served.peer() as (frozen, socket):
        frozen.transport.pause_reading()
        told = asyncio.Event()
        socket.when_room(told.set)

        while socket.write([b"x" * HALF]):
            pass
        await told.wait()

        assert not socket.has_room
        frozen.transport.abort()


@on_both_loops
async def test_a_peer_that_answers_no_ping_does_not_stay_for_what_it_does_not_read(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """G7: closing waits until all is read, and it reads nothing."""
    async with served.peer() as (frozen, _):
        protocol = served.protocols[-1]
        frozen.transport.pause_reading()
        while protocol.transport.get_write_buffer_size() == 0:
            protocol.write([b"x" * HALF])
            await asyncio.sleep(0.001)  # the loop's turn, in which it writes
        assert protocol._cut is None

        protocol.keepalive_timeout()

        async with asyncio.timeout(DEADLINE):
            await served.app.gone.get()
        frozen.transport.abort()


@on_both_loops
async def test_a_peer_that_is_closed_does_not_stay_for_what_it_does_not_read(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    """G7: its place is given back with the close, so there could be any number of them."""
    async with served.peer() as (frozen, socket):
        protocol = served.protocols[-1]
        protocol.close_timeout = 0.0
        frozen.transport.pause_reading()
        while protocol.transport.get_write_buffer_size() == 0:
            protocol.write([b"x" * HALF])
            await asyncio.sleep(0.001)  # the loop's turn, in which it writes
        assert protocol._cut is None

        await socket.close(4400)
        async with asyncio.timeout(DEADLINE):
            await served.app.gone.get()

        await until_lost(protocol)
        frozen.transport.abort()


async def until_lost(protocol: WebSocketProtocol) -> None:
    async with asyncio.timeout(DEADLINE):
        while not protocol.disconnected:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
