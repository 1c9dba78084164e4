"""
What the API tells of people and things.

These are values, made of the snapshots that events carry (``chat.snapshots``), so
live and queried data are one, and no field of theirs looks anything up or depends
on who asks. What does is in :mod:`schema.views`.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NewType

import strawberry
from strawberry import ID

from accounts import models as accounts
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from schema import ids

Cursor = NewType("Cursor", str)


@strawberry.enum
class RoomAccess(Enum):
    OPEN = "OPEN"
    BY_REQUEST = "BY_REQUEST"


@strawberry.enum
class RoomRole(Enum):
    OWNER = "OWNER"
    MEMBER = "MEMBER"


@strawberry.enum
class JoinRequestStatus(Enum):
    PENDING = "PENDING"
    ADMITTED = "ADMITTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.enum
class StreamEndReason(Enum):
    REMOVED = "REMOVED"
    LEFT = "LEFT"
    ROOM_DELETED = "ROOM_DELETED"
    SIGNED_OUT = "SIGNED_OUT"
    RETENTION = "RETENTION"
    EPOCH = "EPOCH"
    AHEAD = "AHEAD"
    TOO_FAR = "TOO_FAR"


@strawberry.interface
class Node:
    id: ID


@strawberry.type
class User(Node):
    database_id: int
    username: str
    first_name: str
    last_name: str

    @classmethod
    def of(cls, user: UserData) -> User:
        return cls(
            id=ids.encode("User", user.id),
            database_id=user.id,
            username=user.username,
            first_name=user.first_name,
            last_name=user.last_name,
        )


@strawberry.type(
    description="What someone outside a room may know of it. Its id is its own, not the room's."
)
class RoomPreview:
    id: ID
    room_id: ID
    title: str
    access: RoomAccess
    owner: User

    @classmethod
    def of(cls, room: RoomData) -> RoomPreview:
        return cls(
            id=ids.encode("RoomPreview", room.id),
            room_id=ids.encode("Room", room.id),
            title=room.title,
            access=RoomAccess(room.access),
            owner=User.of(room.owner),
        )


@strawberry.type
class Message(Node):
    database_id: int
    room: RoomPreview
    sender: User
    text: str
    posted_at: datetime

    @classmethod
    def of(cls, message: MessageData) -> Message:
        return cls(
            id=ids.encode("Message", message.id),
            database_id=message.id,
            room=RoomPreview.of(message.room),
            sender=User.of(message.sender),
            text=message.text,
            posted_at=message.posted_at,
        )


@strawberry.type
class JoinRequest(Node):
    database_id: int
    room: RoomPreview
    user: User
    status: JoinRequestStatus
    created_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, join_request: JoinRequestData) -> JoinRequest:
        return cls(
            id=ids.encode("JoinRequest", join_request.id),
            database_id=join_request.id,
            room=RoomPreview.of(join_request.room),
            user=User.of(join_request.user),
            status=JoinRequestStatus(join_request.status),
            created_at=join_request.created_at,
            decided_at=join_request.decided_at,
        )


@strawberry.type
class Session:
    id: ID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    current: bool

    @classmethod
    def of(cls, session: accounts.Session, current_key: str) -> Session:
        return cls(
            id=ID(str(session.public_id)),
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            user_agent=session.user_agent,
            current=session.session_key == current_key,
        )
