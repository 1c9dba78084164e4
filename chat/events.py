"""
The events of ``chat``: a closed union, one class per kind.

``kind`` and ``version`` are stored with every event and outlive the process that
wrote it. A class whose data changes so that older processes would misread it
gets the next version.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

import msgspec
from msgspec import Struct

from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime import log
from realtime.errors import UnknownEvent
from realtime.event import Event


class MessageSent(Struct, frozen=True):
    kind: ClassVar[str] = "message_sent"
    version: ClassVar[int] = 1
    message: MessageData
    client_mutation_id: str | None


class MemberJoined(Struct, frozen=True):
    kind: ClassVar[str] = "member_joined"
    version: ClassVar[int] = 1
    user: UserData


class MemberLeft(Struct, frozen=True):
    """``by_id`` is who ended the membership: the member, or someone who removed it."""

    kind: ClassVar[str] = "member_left"
    version: ClassVar[int] = 1
    user: UserData
    by_id: int


class RoomRenamed(Struct, frozen=True):
    kind: ClassVar[str] = "room_renamed"
    version: ClassVar[int] = 1
    room: RoomData


class RoomDeleted(Struct, frozen=True):
    kind: ClassVar[str] = "room_deleted"
    version: ClassVar[int] = 1
    room_id: int


class JoinRequestCreated(Struct, frozen=True):
    kind: ClassVar[str] = "join_request_created"
    version: ClassVar[int] = 1
    join_request: JoinRequestData


class JoinRequestAdmitted(Struct, frozen=True):
    kind: ClassVar[str] = "join_request_admitted"
    version: ClassVar[int] = 1
    join_request: JoinRequestData


class JoinRequestDenied(Struct, frozen=True):
    kind: ClassVar[str] = "join_request_denied"
    version: ClassVar[int] = 1
    join_request: JoinRequestData


class JoinRequestWithdrawn(Struct, frozen=True):
    kind: ClassVar[str] = "join_request_withdrawn"
    version: ClassVar[int] = 1
    join_request: JoinRequestData


class JoinCodeRotated(Struct, frozen=True):
    kind: ClassVar[str] = "join_code_rotated"
    version: ClassVar[int] = 1
    join_code: str


class RoomJoined(Struct, frozen=True):
    kind: ClassVar[str] = "room_joined"
    version: ClassVar[int] = 1
    room: RoomData


class RoomLeft(Struct, frozen=True):
    kind: ClassVar[str] = "room_left"
    version: ClassVar[int] = 1
    room_id: int


ChatEvent: TypeAlias = (
    MessageSent
    | MemberJoined
    | MemberLeft
    | RoomRenamed
    | RoomDeleted
    | JoinRequestCreated
    | JoinRequestAdmitted
    | JoinRequestDenied
    | JoinRequestWithdrawn
    | JoinCodeRotated
    | RoomJoined
    | RoomLeft
)

_TYPES: dict[tuple[str, int], type[ChatEvent]] = {
    (each.kind, each.version): each for each in get_args(ChatEvent)
}


def publish(topic: str, event: ChatEvent) -> Event:
    """
    Append ``event`` to ``topic``, to be told when the transaction commits.

    Raises:
        TransactionRequired: If no transaction is open.
        TopicClosed: If the topic has had its last event.

    """
    return log.publish(topic, event.kind, msgspec.to_builtins(event), version=event.version)


def decode(event: Event) -> ChatEvent:
    """
    Read what a stored event tells; once per event, however many its followers are.

    Raises:
        UnknownEvent: If this process does not know its kind, its version or its data.

    """
    return event.memoised(decode, _decoded)


def _decoded(event: Event) -> ChatEvent:
    try:
        return msgspec.convert(event.data, _TYPES[event.kind, event.version])
    except (KeyError, msgspec.ValidationError) as error:
        raise UnknownEvent(event.kind, event.version) from error
