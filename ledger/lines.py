"""The wires over which a stream is told: a socket of either kind, or server-sent events."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ledger import frames
from ledger.frames import Told
from ledger.people import Room
from tests.end_to_end import http_streams
from tests.end_to_end.http_streams import HttpStream

Wire: TypeAlias = Literal["graphql", "plain", "sse"]

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
DRAINED = 1012
_HEARTBEAT = 2.0
_SILENCE = 2 * _HEARTBEAT
"""What a client of server-sent events takes for the end of the line; see ledger.settings."""
_SMALL_BUFFER = 4_096


@dataclass(frozen=True, slots=True)
class Door:
    """A way to a server: its own port, or that of the proxy before it."""

    server: int
    port: int
    proxied: bool


@dataclass(frozen=True, slots=True)
class Errand:
    """
    What is to be followed, and from where: ``cursor`` is the last one that was told, ``began``
    that of the last query. A ``sleeper`` asks for long events and has room for few.
    """

    token: str
    user_id: int
    room: Room | None
    began: str
    cursor: str
    sleeper: bool

    @property
    def resumes(self) -> bool:
        return self.cursor != self.began

    @property
    def query(self) -> str:
        if self.room is None:
            return frames.USER_EVENTS
        return frames.LONG_ROOM_EVENTS if self.sleeper else frames.ROOM_EVENTS

    def variables(self, after: str) -> dict[str, str]:
        room = {} if self.room is None else {"roomId": self.room.global_id}
        return {"after": after, **room}


class Closed(Exception):
    """The line is gone, by this close code; 1006 if there was none."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class Line(Protocol):
    async def hear(self) -> Told | None:
        """
        What comes next; nothing, if it is only a sign of life.

        Raises:
            Refused: If the stream ends with an error.
            Ended: If it is complete.

        """

    def abort(self) -> None:
        """Cut the line: nothing is flushed, nobody told."""


@asynccontextmanager
async def opened(wire: Wire, door: Door, errand: Errand) -> AsyncIterator[Line]:
    """
    A line on which the stream is told, for as long as it is needed.

    Raises:
        Closed: If the line is gone, at whatever point.

    """
    over = await _small_socket(door.port) if errand.sleeper else None
    if wire == "sse":
        async with _events(door, errand, over) as stream:
            yield _EventLine(stream, _SILENCE if door.proxied else None)
        return
    try:
        async with _socket(wire, door, errand, over) as connection:
            told = frames.plain_told if wire == "plain" else frames.graphql_told
            yield _SocketLine(connection, told)
    except ConnectionClosed as closed:
        raise Closed(closed.rcvd.code if closed.rcvd else 1006) from closed


class _SocketLine:
    def __init__(self, connection: ClientConnection, told: Callable[[bytes], Told | None]) -> None:
        self._connection = connection
        self._told = told

    async def hear(self) -> Told | None:
        return self._told(await self._connection.recv(decode=False))

    def abort(self) -> None:
        self._connection.transport.abort()


class _EventLine:
    def __init__(self, stream: HttpStream, silence: float | None) -> None:
        self._stream = stream
        self._silence = silence

    async def hear(self) -> Told | None:
        if not self._stream.is_stream:
            frames.check_refusal(await self._stream.body())
        try:
            async with asyncio.timeout(self._silence):
                return frames.event_told(await self._stream.frame())
        except EOFError as end:
            raise Closed(DRAINED) from end

    def abort(self) -> None:
        self._stream.connection.transport.abort()


def _events(
    door: Door, errand: Errand, over: socket.socket | None
) -> AbstractAsyncContextManager[HttpStream]:
    """As a browser's EventSource: it asks for where it once began, and says how far it came."""
    headers = {"Authorization": f"Bearer {errand.token}"}
    if errand.resumes:
        headers["Last-Event-ID"] = errand.cursor
    parameters = {"query": errand.query, "variables": errand.variables(errand.began)}
    address = f"http://127.0.0.1:{door.port}/graphql"
    return http_streams.opened(address, "sse", parameters, headers, over)


@asynccontextmanager
async def _socket(
    wire: Wire, door: Door, errand: Errand, over: socket.socket | None
) -> AsyncIterator[ClientConnection]:
    async with asyncio.timeout(10):
        connection = await _connected(wire, door, errand, over)
    try:
        if wire == "graphql":
            await _subscribe(connection, errand)
        yield connection
    finally:
        connection.transport.abort()


async def _connected(
    wire: Wire, door: Door, errand: Errand, over: socket.socket | None
) -> ClientConnection:
    options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
    if door.proxied:
        options |= {"ping_interval": _HEARTBEAT, "ping_timeout": _HEARTBEAT, "close_timeout": 0.5}
    if over is not None:
        options |= {"sock": over, "max_queue": 4}
    address = f"ws://127.0.0.1:{door.port}"
    if wire == "graphql":
        return await connect(f"{address}/graphql", subprotocols=[SUBPROTOCOL], **options)
    path = f"room/{errand.room.database_id}" if errand.room else f"user/{errand.user_id}"
    headers = {"Authorization": f"Bearer {errand.token}"}
    address = f"{address}/ws/{path}?after={errand.cursor}"
    return await connect(address, additional_headers=headers, **options)


async def _subscribe(connection: ClientConnection, errand: Errand) -> None:
    init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {errand.token}"}}
    payload = {"query": errand.query, "variables": errand.variables(errand.cursor)}
    async with asyncio.timeout(10):
        await connection.send(json.dumps(init))
        await connection.recv()
        await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


async def _small_socket(port: int) -> socket.socket:
    """A connection that holds little of what is not read."""
    made = socket.socket()
    made.setblocking(False)  # noqa: FBT003  # the standard library's
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    try:
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    except BaseException:
        with suppress(OSError):
            made.close()
        raise
    return made
