"""
What events and answers tell of people and things: values that look nothing up.

They are the data of events (see ``chat.events``), so a name once used stays.
``of`` reads the related rows of its model; load them with it.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from msgspec import Struct

from chat.models import JoinRequest, Message, Room


class UserData(Struct, frozen=True):
    id: int
    username: str
    first_name: str
    last_name: str

    @classmethod
    def of(cls, user: User) -> UserData:
        return cls(user.pk, user.username, user.first_name, user.last_name)


class RoomData(Struct, frozen=True):
    """What someone outside a room may know of it."""

    id: int
    title: str
    access: Room.Access
    owner: UserData

    @classmethod
    def of(cls, room: Room) -> RoomData:
        return cls(room.pk, room.title, Room.Access(room.access), UserData.of(room.owner))


class MessageData(Struct, frozen=True):
    id: int
    room: RoomData
    sender: UserData
    text: str
    posted_at: datetime

    @classmethod
    def of(cls, message: Message) -> MessageData:
        room, sender = RoomData.of(message.room), UserData.of(message.sender)
        return cls(message.pk, room, sender, message.text, message.posted_at)


class JoinRequestData(Struct, frozen=True):
    id: int
    room: RoomData
    user: UserData
    status: JoinRequest.Status
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, join_request: JoinRequest) -> JoinRequestData:
        return cls(
            join_request.pk,
            RoomData.of(join_request.room),
            UserData.of(join_request.user),
            JoinRequest.Status(join_request.status),
            join_request.created_at,
            join_request.decided_at,
        )
