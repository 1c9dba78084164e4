"""
Streams as clients follow them, over any wire, told in the same words.

A :class:`Stream` is one connection with one stream on it; every wait has a deadline.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from schema import ids
from tests.clients import DEADLINE, SUBPROTOCOL, GraphQLSocket, Json, Person
from tests.end_to_end.http_streams import Frame, HttpStream, HttpWire, opened

Wire = Literal["graphql", "plain", "sse", "multipart"]

_FIELDS = """
    __typename
    ... on Event { cursor }
    ... on JoinRequestCreated { joinRequest { databaseId } }
    ... on JoinRequestAdmitted { joinRequest { databaseId } }
    ... on JoinRequestDenied { joinRequest { databaseId } }
    ... on JoinRequestWithdrawn { joinRequest { databaseId } }
    ... on AccessRevoked { reason }
    ... on CursorExpired { reason }
"""
_USER_EVENTS = (
    f"subscription ($after: Cursor) {{ events: userEvents(after: $after) {{ {_FIELDS}"
    " ... on RoomJoined { room { title } } } }"
)
_ROOM_EVENTS = (
    "subscription ($roomId: ID!, $after: Cursor)"
    f" {{ events: roomEvents(roomId: $roomId, after: $after) {{ {_FIELDS}"
    " ... on MessageSent { message { text } }"
    " ... on MemberJoined { user { username } } ... on MemberLeft { user { username } }"
    " ... on RoomRenamed { room { title } } } }"
)


@dataclass(frozen=True)
class Told:
    """One event: the API's name for it, what it is about, and the cursor after it."""

    kind: str
    about: str | None = None
    cursor: str | None = field(default=None, compare=False)


class Ended(Exception):
    """
    The stream is over: by this close code, or ``complete``, or a refusal's code.

    What a close code says on a socket, HTTP says in other ways: 1006 is a response that
    breaks off, 1012 one that ends without being complete.
    """

    def __init__(self, how: int | str) -> None:
        super().__init__(str(how))
        self.how = how


class Stream:
    """One stream on a connection of its own."""

    def __init__(self, connection: ClientConnection | asyncio.StreamWriter) -> None:
        self.connection = connection

    async def next(self, deadline: float | None = DEADLINE) -> Told:
        """
        The next event, within the deadline.

        Raises:
            Ended: If there is none any more.

        """
        async with asyncio.timeout(deadline):
            return await self._next()

    async def take(self, count: int) -> list[Told]:
        return [await self.next() for _ in range(count)]

    async def take_until(self, holds: Callable[[Told], bool]) -> list[Told]:
        """All events up to the first for which ``holds`` does, that one included."""
        taken = [await self.next()]
        while not holds(taken[-1]):
            taken.append(await self.next())
        return taken

    async def rest(self) -> tuple[list[Told], int | str]:
        """All events until the end, and how that came."""
        taken = []
        try:
            while True:
                taken.append(await self.next())
        except Ended as end:
            return taken, end.how

    async def after_the_end(self) -> list[Told]:
        """What is told once the stream is over: nothing, if all is well."""
        return (await self.rest())[0]

    def cut(self) -> None:
        """Cut the line: no close frame, nothing flushed."""
        self.connection.transport.abort()

    async def _next(self) -> Told:
        raise NotImplementedError


class _SocketStream(Stream):
    def __init__(self, connection: ClientConnection) -> None:
        super().__init__(connection)
        self._socket = connection

    async def _next(self) -> Told:
        try:
            return self._told(json.loads(await self._socket.recv()))
        except ConnectionClosed as closed:
            raise Ended(closed.rcvd.code if closed.rcvd else 1006) from closed

    def _told(self, message: Any) -> Told:
        raise NotImplementedError


class _GraphQLStream(_SocketStream):
    async def after_the_end(self) -> list[Told]:
        """The socket may live on: whatever it still has to say stands before its pong."""
        with suppress(ConnectionClosed):
            await self._socket.send('{"type": "ping"}')
        return (await self.rest())[0]

    def _told(self, message: Json) -> Told:
        match message:
            case {"type": "next", "payload": {"data": {"events": event}}}:
                return _of_graphql(event)
            case {"type": "complete" | "pong" as how}:
                raise Ended(how)
            case {"type": "error", "payload": [{"extensions": {"code": code}}]}:
                raise Ended(code)
            case _:
                raise AssertionError(message)


class _PlainStream(_SocketStream):
    def _told(self, message: Json) -> Told:
        return _of_plain(message)


class _HttpStream(Stream):
    def __init__(self, stream: HttpStream) -> None:
        super().__init__(stream.connection)
        self._stream = stream
        self._is_over = False

    async def _next(self) -> Told:
        if self._is_over:
            raise Ended("complete")
        if not self._stream.is_stream:
            raise Ended(_code(await self._stream.body()))
        try:
            frame = await self._stream.frame()
            while frame.kind == "heartbeat":
                frame = await self._stream.frame()
        except EOFError as end:
            self._is_over = True
            raise Ended("complete" if end.args[0] == b"--\r\n" else 1012) from end
        except OSError as error:
            raise Ended(1006) from error
        return _of_http(frame)


def _of_http(frame: Frame) -> Told:
    if frame.data is None:
        raise Ended(frame.kind)
    if "errors" in frame.data:
        code = _code(frame.data)
        raise Ended(1012 if code == "GOING_AWAY" else code)
    event = frame.data["data"]["events"]
    assert frame.cursor in (None, event.get("cursor"))
    return _of_graphql(event)


def _code(body: Json) -> str:
    return str(body["errors"][0]["extensions"]["code"])


@asynccontextmanager
async def following(
    person: Person,
    room: int | None = None,
    after: str | None = None,
    wire: Wire = "graphql",
    over: socket.socket | None = None,
    copies: int = 0,
) -> AsyncIterator[Stream]:
    """
    Follow a room by its database id, or oneself.

    ``over`` is a socket that is connected already; over GraphQL each text comes with
    so many ``copies`` of itself.
    """
    if wire in ("sse", "multipart"):
        async with _following_over_http(person, room, after, wire, over, copies) as stream:
            yield stream
    elif wire == "graphql":
        # A token is said in connection_init, as by a browser; a cookie comes with the handshake.
        handshake = {} if "Authorization" in person.headers else person.headers
        async with connect(
            f"{person.ws}/graphql",
            subprotocols=[SUBPROTOCOL],
            additional_headers=handshake,
            sock=over,
        ) as connection:
            dialled = GraphQLSocket(connection)
            await dialled.initialise(person.headers)
            query, variables = _operation(room, copies)
            await dialled.subscribe("1", query, after=after, **variables)
            yield _GraphQLStream(connection)
    else:
        path = f"user/{person.database_id}" if room is None else f"room/{room}"
        query = "" if after is None else f"?{urlencode({'after': after})}"
        async with connect(
            f"{person.ws}/ws/{path}{query}", additional_headers=person.headers, sock=over
        ) as connection:
            yield _PlainStream(connection)


@asynccontextmanager
async def _following_over_http(
    person: Person,
    room: int | None,
    after: str | None,
    wire: HttpWire,
    over: socket.socket | None,
    copies: int,
) -> AsyncIterator[Stream]:
    query, variables = _operation(room, copies)
    headers = dict(person.headers)
    if wire == "sse" and after:
        # As a browser that comes back by itself: it still asks for where it once began.
        headers["Last-Event-ID"] = after
        after = "where it once began"
    parameters = {"query": query, "variables": {"after": after, **variables}}
    async with opened(f"{person.http}/graphql", wire, parameters, headers, over) as stream:
        yield _HttpStream(stream)


def _operation(room: int | None, copies: int) -> tuple[str, Json]:
    if room is None:
        return _USER_EVENTS, {}
    text = " ".join(["text", *(f"copy{number}: text" for number in range(copies))])
    return _ROOM_EVENTS.replace("{ text }", f"{{ {text} }}"), {"roomId": room_id(room)}


def room_id(database_id: int) -> str:
    return ids.encode("Room", database_id)


def _of_graphql(event: Json) -> Told:
    about: Any = None
    match event:
        case {"message": {"text": about}}:
            pass
        case {"user": {"username": about}} | {"room": {"title": about}} | {"reason": about}:
            pass
        case {"joinRequest": {"databaseId": about}}:
            about = str(about)
    return Told(event["__typename"], about, event.get("cursor"))


_KINDS: dict[str, tuple[str, Callable[[Json], str | None]]] = {
    "chat_message_created": ("MessageSent", lambda kwargs: kwargs["message"]),
    "member_joined": ("MemberJoined", lambda kwargs: kwargs["user"]["username"]),
    "member_left": ("MemberLeft", lambda kwargs: kwargs["user"]["username"]),
    "room_renamed": ("RoomRenamed", lambda kwargs: kwargs["title"]),
    "room_deleted": ("RoomDeleted", lambda kwargs: None),
    "room_joined": ("RoomJoined", lambda kwargs: kwargs["room"]["title"]),
    "room_left": ("RoomLeft", lambda kwargs: None),
    "join_code_rotated": ("JoinCodeRotated", lambda kwargs: None),
    "caught_up": ("CaughtUp", lambda kwargs: None),
    "access_revoked": ("AccessRevoked", lambda kwargs: kwargs["reason"]),
    "cursor_expired": ("CursorExpired", lambda kwargs: kwargs["reason"]),
}
_ALTERATIONS = {"create": "Created", "admit": "Admitted", "deny": "Denied", "withdraw": "Withdrawn"}


def _of_plain(frame: Json) -> Told:
    kind, kwargs, cursor = frame["type"], frame["kwargs"], frame.get("cursor")
    if kind == "did_alter_join_request":
        return Told(f"JoinRequest{_ALTERATIONS[kwargs['action']]}", kwargs["id"], cursor)
    name, about = _KINDS[kind]
    return Told(name, about(kwargs), cursor)
