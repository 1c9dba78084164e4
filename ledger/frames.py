"""What a frame tells, whether it came by GraphQL or as a plain topic: one form for both."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

import msgspec
from msgspec import Struct, field

from tests.end_to_end.http_streams import Frame

OWNERS_ONLY = frozenset(
    {
        *("join_request_created", "join_request_admitted"),
        *("join_request_denied", "join_request_withdrawn", "join_code_rotated"),
    }
)
"""What may be told in a room to nobody but its owner."""

CAUGHT_UP = "caught_up"
ACCESS_REVOKED = "access_revoked"
CURSOR_EXPIRED = "cursor_expired"
SIGNED_OUT = "SIGNED_OUT"
"""The reason of an end over HTTP; a socket is closed."""


class Told(NamedTuple):
    """``mark`` identifies the event by what it says; ``reason`` is that of an end."""

    kind: str
    mark: int
    cursor: str
    reason: str = ""


class Position(NamedTuple):
    epoch: str
    offsets: tuple[int, ...]


def mark_of(kind: str, *identity: object) -> int:
    """A number that two events share only if they tell the same, however they are told."""
    return crc32("\0".join([kind, *map(str, identity)]).encode())


@lru_cache(maxsize=20_000)
def position_of(cursor: str) -> Position:
    """Read a cursor, which is opaque to clients but not to this judge."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    epoch, *offsets = raw[16:].decode().split(" ")
    return Position(epoch, tuple(map(int, offsets)))


class _User(Struct, rename="camel"):
    database_id: int


class _Room(Struct, rename="camel"):
    title: str
    room_id: str


class _Message(Struct, rename="camel"):
    database_id: int
    text: str


class _JoinRequest(Struct, rename="camel"):
    database_id: int


class GraphQLEvent(Struct, rename="camel"):
    """Any event of the API, as far as :data:`EVENT_FIELDS` selects it."""

    typename: str = field(name="__typename")
    cursor: str = ""
    reason: str = ""
    message: _Message | None = None
    user: _User | None = None
    room: _Room | None = None
    join_request: _JoinRequest | None = None
    join_code: str | None = None
    room_id: str | None = None

    def told(self) -> Told:
        kind = _snake(self.typename)
        return Told(kind, mark_of(kind, *self._identity()), self.cursor, self.reason)

    def _identity(self) -> tuple[object, ...]:
        if self.message is not None:
            return (self.message.database_id, self.message.text)
        if self.user is not None:
            return (self.user.database_id,)
        if self.room is not None:
            return (row_of(self.room.room_id), self.room.title)
        if self.join_request is not None:
            return (self.join_request.database_id,)
        if self.room_id is not None:
            return (row_of(self.room_id),)
        return (self.join_code,) if self.join_code is not None else ()


_ANY = "cursor"
_REQUESTS = " ".join(
    f"... on JoinRequest{what} {{ {_ANY} joinRequest {{ databaseId }} }}"
    for what in ("Created", "Admitted", "Denied", "Withdrawn")
)
_ENDS = "... on CaughtUp { cursor } ... on AccessRevoked { reason } ... on CursorExpired { reason }"
ROOM_EVENTS = (
    "subscription ($roomId: ID!, $after: Cursor) {"
    " events: roomEvents(roomId: $roomId, after: $after) {"
    f" __typename {_REQUESTS} {_ENDS}"
    f" ... on MessageSent {{ {_ANY} message {{ databaseId text }} }}"
    f" ... on MemberJoined {{ {_ANY} user {{ databaseId }} }}"
    f" ... on MemberLeft {{ {_ANY} user {{ databaseId }} }}"
    f" ... on RoomRenamed {{ {_ANY} room {{ title roomId }} }}"
    f" ... on JoinCodeRotated {{ {_ANY} joinCode }} }} }}"
)
# The same text eight times in each frame fills the buffers of who does not read the sooner.
LONG_ROOM_EVENTS = ROOM_EVENTS.replace(
    "message { databaseId text }",
    "message { databaseId text " + " ".join(f"text{n}: text" for n in range(7)) + " }",
)
USER_EVENTS = (
    "subscription ($after: Cursor) { events: userEvents(after: $after) {"
    f" __typename {_REQUESTS} {_ENDS}"
    f" ... on RoomJoined {{ {_ANY} room {{ title roomId }} }}"
    f" ... on RoomLeft {{ {_ANY} roomId }} }} }}"
)


class _Data(Struct):
    events: GraphQLEvent


class _Extensions(Struct, frozen=True):
    code: str = ""


class Refusal(Struct):
    message: str = ""
    extensions: _Extensions = _Extensions()


class _Payload(Struct):
    data: _Data | None = None


class _Frame(Struct):
    type: str
    payload: msgspec.Raw = msgspec.Raw(b"null")


class _Plain(Struct):
    type: str
    kwargs: dict[str, Any]
    cursor: str = ""


_frame = msgspec.json.Decoder(_Frame)
_payload = msgspec.json.Decoder(_Payload)
_refusals = msgspec.json.Decoder(list[Refusal])
_plain = msgspec.json.Decoder(_Plain)


class Refused(Exception):
    """The subscription ends with an error; ``code`` is its ``extensions.code``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Ended(Exception):
    """The stream has ended without an error."""


def graphql_told(text: bytes) -> Told | None:
    """
    What a graphql-transport-ws frame tells; nothing, if it is one of the protocol's own.

    Raises:
        Refused: If it is an error.
        Ended: If it completes the subscription.

    """
    frame = _frame.decode(text)
    if frame.type == "error":
        error = _refusals.decode(frame.payload)[0]
        raise Refused(error.extensions.code, error.message)
    if frame.type == "complete":
        raise Ended
    if frame.type != "next":
        return None
    data = _payload.decode(frame.payload).data
    if data is None:
        raise Refused("", bytes(frame.payload).decode())
    return data.events.told()


def event_told(frame: Frame) -> Told | None:
    """
    What a server-sent event tells; its cursor is the event's ``id``. Raises as above.
    """
    if frame.kind == "complete":
        raise Ended
    if frame.data is None:
        return None
    check_refusal(frame.data)
    event = msgspec.convert(frame.data["data"]["events"], GraphQLEvent)
    return event.told()._replace(cursor=frame.cursor or "")


def check_refusal(response: dict[str, Any]) -> None:
    """
    Look for errors in a response.

    Raises:
        Refused: If there are any.

    """
    if errors := response.get("errors"):
        code = errors[0].get("extensions", {}).get("code", "")
        raise Refused(code, errors[0]["message"])


def plain_told(text: bytes) -> Told:
    """What a frame of a plain topic tells."""
    frame = _plain.decode(text)
    kwargs = frame.kwargs
    kind = _PLAIN_KINDS.get(frame.type, frame.type)
    if kind == "did_alter_join_request":
        kind = _ALTERATIONS[kwargs["action"]]
    return Told(
        kind, mark_of(kind, *_plain_identity(kind, kwargs)), frame.cursor, kwargs.get("reason", "")
    )


def _plain_identity(kind: str, kwargs: dict[str, Any]) -> tuple[object, ...]:
    match kind:
        case "message_sent":
            return (kwargs["id"], kwargs["message"])
        case "member_joined" | "member_left":
            return (kwargs["user"]["id"],)
        case "room_renamed":
            return (kwargs["id"], kwargs["title"])
        case "room_joined":
            return (kwargs["room"]["id"], kwargs["room"]["title"])
        case "join_code_rotated":
            return (kwargs["join_code"],)
        case _:
            return (kwargs["id"],) if "id" in kwargs else ()


_PLAIN_KINDS = {"chat_message_created": "message_sent"}
_ALTERATIONS = {
    "create": "join_request_created",
    "admit": "join_request_admitted",
    "deny": "join_request_denied",
    "withdraw": "join_request_withdrawn",
}


@lru_cache(maxsize=1_000)
def row_of(global_id: str) -> int:
    """The row that a global id names."""
    return int(base64.b64decode(global_id).decode().partition(":")[2])


@lru_cache(maxsize=100)
def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
