"""The events of the API, and how they come from those of ``chat``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias, assert_never

import strawberry
from strawberry import ID

from chat import events as told
from realtime.delivery import CaughtUp as HasCaughtUp
from realtime.delivery import Delivery
from realtime.follower import Expired, Item, Revoked
from schema import ids
from schema.types import Cursor, JoinRequest, Message, RoomPreview, StreamEndReason, User


@strawberry.interface(
    description="With `after` null a stream starts now. `cursor` is the position just after this"
    " event: store it, resume from it."
)
class Event:
    cursor: Cursor
    occurred_at: datetime


@strawberry.type
class MessageSent(Event):
    message: Message
    client_mutation_id: str | None = strawberry.field(
        description="To recognise one's own optimistic copy."
    )


@strawberry.type
class MemberJoined(Event):
    user: User


@strawberry.type
class MemberLeft(Event):
    user: User


@strawberry.type
class RoomRenamed(Event):
    room: RoomPreview


@strawberry.type
class RoomDeleted(Event):
    room_id: ID


@strawberry.type
class JoinRequestCreated(Event):
    join_request: JoinRequest


@strawberry.type
class JoinRequestAdmitted(Event):
    join_request: JoinRequest


@strawberry.type
class JoinRequestDenied(Event):
    join_request: JoinRequest


@strawberry.type
class JoinRequestWithdrawn(Event):
    join_request: JoinRequest


@strawberry.type
class JoinCodeRotated(Event):
    join_code: str


@strawberry.type
class RoomJoined(Event):
    room: RoomPreview


@strawberry.type
class RoomLeft(Event):
    room_id: ID


@strawberry.type(
    description="Sent once, when the replay is done and the stream is live (also when there was"
    " nothing to replay)."
)
class CaughtUp(Event):
    pass


@strawberry.type(description="The last event of a stream whose reader may no longer read it.")
class AccessRevoked:
    reason: StreamEndReason


@strawberry.type(
    description="The last event of a stream that cannot be resumed: query again, then subscribe"
    " from the new cursor."
)
class CursorExpired:
    reason: StreamEndReason


RoomEvent: TypeAlias = Annotated[
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
    | CaughtUp
    | AccessRevoked
    | CursorExpired,
    strawberry.union(
        "RoomEvent",
        description="Join requests and join codes are told to the room's owner only.",
    ),
]

UserEvent: TypeAlias = Annotated[
    JoinRequestCreated
    | JoinRequestAdmitted
    | JoinRequestDenied
    | JoinRequestWithdrawn
    | RoomJoined
    | RoomLeft
    | CaughtUp
    | AccessRevoked
    | CursorExpired,
    strawberry.union("UserEvent"),
]

AnyEvent: TypeAlias = (
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


def event_of(item: Item) -> AnyEvent | CaughtUp | AccessRevoked | CursorExpired:
    """
    What a follower's item is in the API.

    Raises:
        UnknownEvent: If a newer process wrote the event.

    """
    match item:
        case Delivery(event, cursor):
            return _told(told.decode(event), Cursor(cursor), event.occurred_at)
        case HasCaughtUp(cursor, at):
            return CaughtUp(cursor=Cursor(cursor), occurred_at=at)
        case Revoked(reason):
            return AccessRevoked(reason=StreamEndReason(reason))
        case Expired(expiry):
            return CursorExpired(reason=StreamEndReason(expiry))
        case _:
            assert_never(item)


def _told(event: told.ChatEvent, cursor: Cursor, at: datetime) -> AnyEvent:  # noqa: PLR0911  # one case for each kind
    match event:
        case told.MessageSent(sent, name):
            message = Message.of(sent)
            return MessageSent(
                cursor=cursor, occurred_at=at, message=message, client_mutation_id=name
            )
        case told.MemberJoined(user):
            return MemberJoined(cursor=cursor, occurred_at=at, user=User.of(user))
        case told.MemberLeft(user, _):
            return MemberLeft(cursor=cursor, occurred_at=at, user=User.of(user))
        case told.RoomRenamed(room):
            return RoomRenamed(cursor=cursor, occurred_at=at, room=RoomPreview.of(room))
        case told.RoomJoined(room):
            return RoomJoined(cursor=cursor, occurred_at=at, room=RoomPreview.of(room))
        case told.RoomDeleted(room_id):
            return RoomDeleted(cursor=cursor, occurred_at=at, room_id=ids.encode("Room", room_id))
        case told.RoomLeft(room_id):
            return RoomLeft(cursor=cursor, occurred_at=at, room_id=ids.encode("Room", room_id))
        case told.JoinCodeRotated(join_code):
            return JoinCodeRotated(cursor=cursor, occurred_at=at, join_code=join_code)
        case (
            told.JoinRequestCreated(asked)
            | told.JoinRequestAdmitted(asked)
            | told.JoinRequestDenied(asked)
            | told.JoinRequestWithdrawn(asked)
        ):
            made = _OF_JOIN_REQUESTS[type(event)]
            return made(cursor=cursor, occurred_at=at, join_request=JoinRequest.of(asked))
        case _:
            assert_never(event)


_OF_JOIN_REQUESTS: dict[
    type[told.ChatEvent],
    type[JoinRequestCreated | JoinRequestAdmitted | JoinRequestDenied | JoinRequestWithdrawn],
] = {
    told.JoinRequestCreated: JoinRequestCreated,
    told.JoinRequestAdmitted: JoinRequestAdmitted,
    told.JoinRequestDenied: JoinRequestDenied,
    told.JoinRequestWithdrawn: JoinRequestWithdrawn,
}
