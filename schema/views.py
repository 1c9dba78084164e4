"""What one person sees: the objects whose fields depend on who asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry
from django.contrib.auth.models import User as Person
from strawberry import UNSET

from accounts import actions as accounts
from chat import models
from chat.gates import PersonReader, RoomReader
from chat.snapshots import JoinRequestData, MessageData, UserData
from realtime import cursors, log
from schema import ids
from schema.arguments import given
from schema.connections import Connection, Span, connect
from schema.context import Info
from schema.types import (
    Cursor,
    JoinRequest,
    JoinRequestStatus,
    Message,
    Node,
    RoomAccess,
    RoomRole,
    Session,
    User,
)


@strawberry.type
class Room(Node):
    """A room as one of its members sees it."""

    _room: strawberry.Private[models.Room]
    _claim: strawberry.Private[RoomReader]
    database_id: int
    title: str
    access: RoomAccess
    created_at: datetime
    owner: User
    viewer_role: RoomRole

    @classmethod
    def of(cls, room: models.Room, viewer: Person) -> Room:
        """``viewer`` is known to be a member; the owner of ``room`` is loaded with it."""
        owns = room.owner_id == viewer.pk
        return cls(
            _room=room,
            _claim=RoomReader(viewer.pk, room.pk, owns),
            id=ids.encode("Room", room.pk),
            database_id=room.pk,
            title=room.title,
            access=RoomAccess(room.access),
            created_at=room.created_at,
            owner=User.of(UserData.of(room.owner)),
            viewer_role=RoomRole.OWNER if owns else RoomRole.MEMBER,
        )

    @strawberry.field
    def members(self, first: int | None = UNSET, after: str | None = UNSET) -> Connection[User]:
        return connect(
            self._room.memberships.select_related("user"),
            "pk",
            Span.asked(first, after),
            lambda membership: User.of(UserData.of(membership.user)),
        )

    @strawberry.field(
        description="In event order, oldest first; with neither first nor last the newest page."
    )
    def messages(
        self,
        first: int | None = UNSET,
        after: str | None = UNSET,
        last: int | None = UNSET,
        before: str | None = UNSET,
    ) -> Connection[Message]:
        return connect(
            self._room.messages.select_related("sender"),
            "offset",
            Span.asked(first, after, last, before).newest_unless_said(),
            lambda message: Message.of(_with_room(message, self._room)),
        )

    @strawberry.field(description="Pending requests. Null unless the viewer owns the room.")
    def join_requests(
        self, first: int | None = UNSET, after: str | None = UNSET
    ) -> Connection[JoinRequest] | None:
        if not self._claim.owns:
            return None
        pending = self._room.join_requests.pending().with_people()
        return connect(pending, "pk", Span.asked(first, after), _join_request)

    @strawberry.field(description="Null unless the viewer owns the room.")
    def join_code(self) -> str | None:
        return self._room.join_code if self._claim.owns else None

    @strawberry.field(description="The position in roomEvents at which this response is exact.")
    def event_cursor(self) -> Cursor:
        return _cursor_now(self._claim.topics)


@strawberry.type(description="What the signed-in person sees.")
class Viewer:
    _person: strawberry.Private[Person]
    user: User

    @classmethod
    def of(cls, person: Person) -> Viewer:
        return cls(_person=person, user=User.of(UserData.of(person)))

    @strawberry.field
    def rooms(self, first: int | None = UNSET, after: str | None = UNSET) -> Connection[Room]:
        return connect(
            models.Membership.objects.of(self._person).with_room(),
            "pk",
            Span.asked(first, after),
            lambda membership: Room.of(membership.room, self._person),
        )

    @strawberry.field(description="Pending requests, unless another status is asked for.")
    def join_requests(
        self,
        status: JoinRequestStatus | None = UNSET,
        first: int | None = UNSET,
        after: str | None = UNSET,
    ) -> Connection[JoinRequest]:
        wanted = given(status) or JoinRequestStatus.PENDING
        requests = models.JoinRequest.objects.by(self._person).with_people()
        return connect(
            requests.filter(status=wanted.value), "-pk", Span.asked(first, after), _join_request
        )

    @strawberry.field
    def sessions(self, info: Info) -> list[Session]:
        identity = info.context.identity
        current = identity.session_key if identity else ""
        return [Session.of(each, current) for each in accounts.sessions_of(self._person)]

    @strawberry.field(description="The position in userEvents at which this response is exact.")
    def event_cursor(self) -> Cursor:
        return _cursor_now(PersonReader(self._person.pk).topics)


def room_of(viewer: Person, room_id: int | None) -> Room | None:
    """A room that ``viewer`` is in, as of the open snapshot."""
    if room_id is None or room_id >= 2**63:
        return None
    memberships = models.Membership.objects.of(viewer).with_room()
    membership = memberships.filter(room_id=room_id).first()
    return None if membership is None else Room.of(membership.room, viewer)


def node_of(viewer: Person, text: str) -> Node | None:
    """Whatever ``viewer`` may see under a global id."""
    found = ids.decode(text)
    if found is None or found.row_id >= 2**63:
        return None
    match found.typename:
        case "Room":
            return room_of(viewer, found.row_id)
        case "User":
            return _user_of(viewer, found.row_id)
        case "Message":
            return _message_of(viewer, found.row_id)
        case "JoinRequest":
            return _join_request_of(viewer, found.row_id)
        case _:
            return None


def _user_of(viewer: Person, user_id: int) -> User | None:
    """The viewer, someone in a common room, or someone who asks to enter the viewer's."""
    rooms = models.Room.objects.visible_to(viewer)
    asking = models.JoinRequest.objects.pending().for_owner(viewer)
    visible = (
        user_id == viewer.pk
        or models.Membership.objects.filter(user_id=user_id, room__in=rooms).exists()
        or asking.filter(user_id=user_id).exists()
    )
    person = Person.objects.filter(pk=user_id).first() if visible else None
    return None if person is None else User.of(UserData.of(person))


def _message_of(viewer: Person, message_id: int) -> Message | None:
    rooms = models.Room.objects.visible_to(viewer)
    messages = models.Message.objects.select_related("sender", "room__owner")
    message = messages.filter(pk=message_id, room__in=rooms).first()
    return None if message is None else Message.of(MessageData.of(message))


def _join_request_of(viewer: Person, join_request_id: int) -> JoinRequest | None:
    found = models.JoinRequest.objects.with_people().filter(pk=join_request_id).first()
    if found is None or viewer.pk not in (found.user_id, found.room.owner_id):
        return None
    return _join_request(found)


def _join_request(join_request: models.JoinRequest) -> JoinRequest:
    return JoinRequest.of(JoinRequestData.of(join_request))


def _with_room(message: models.Message, room: models.Room) -> MessageData:
    message.room = room
    return MessageData.of(message)


def _cursor_now(topics: Sequence[str]) -> Cursor:
    """The position of this moment: the heads in the snapshot that the response is read from."""
    marks = log.marks(topics)
    heads = tuple(marks[topic].head for topic in topics)
    return Cursor(cursors.encode(cursors.Cursor(marks.epoch, heads), topics))
