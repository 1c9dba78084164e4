"""A room with somebody of every standing towards it, as the matrix has them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import User

from accounts.actions import open_session
from accounts.models import Session
from chat import changes
from chat.models import JoinRequest, Membership, Message, Room
from realtime import cursors, log
from schema import ids
from tests.hostile.matrix import STANDINGS

PASSWORD = "a-password-of-5812-years"


@dataclass(frozen=True)
class People:
    """One person for each standing, and nobody for who is signed out."""

    by_standing: dict[str, User | None]

    @classmethod
    def arrive(cls) -> People:
        return cls({name: None if name == "signed_out" else _person(name) for name in STANDINGS})

    def __getattr__(self, standing: str) -> User:
        person = self.by_standing[standing]
        assert person is not None
        return person


@dataclass(frozen=True)
class House:
    """A room that all of them have come to stand as they do."""

    people: People
    room: Room
    asked: JoinRequest | None
    message: Message

    @classmethod
    def founded(cls, people: People, access: Room.Access = Room.Access.BY_REQUEST) -> House:
        """Found it; nobody waits before an open one."""
        room = changes.create_room(owner=people.owner, title="The room", access=access)
        for person in (people.member, people.former, people.readmitted):
            _let_in(room, person)
        for person in (people.former, people.readmitted):
            changes.remove_member(_membership(room, person), by=people.owner)
        _let_in(room, people.readmitted)
        by_request = access == Room.Access.BY_REQUEST
        asked = changes.request_to_join(room, user=people.requester) if by_request else None
        message = changes.send_message(room, sender=people.owner, text="Hello")
        return cls(people, room, asked, message)

    @property
    def room_id(self) -> str:
        return ids.encode("Room", self.room.pk)

    @property
    def request_id(self) -> str:
        assert self.asked is not None
        return ids.encode("JoinRequest", self.asked.pk)

    @property
    def message_id(self) -> str:
        return ids.encode("Message", self.message.pk)

    @property
    def join_code(self) -> str:
        return str(Room.objects.get(pk=self.room.pk).join_code)

    @cached_property
    def members_cursor(self) -> str:
        return cursor(f"room.{self.room.pk}")

    @cached_property
    def owners_cursor(self) -> str:
        return cursor(f"room.{self.room.pk}", f"room.{self.room.pk}.owner")

    def cursor_of(self, person: User | None) -> str:
        """The person's own; who is signed out brings the owner's."""
        return cursor(f"user.{(person or self.people.owner).pk}")


def cursor(*topics: str) -> str:
    """The position of this moment in ``topics``."""
    marks = log.marks(topics)
    heads = tuple(marks[topic].head for topic in topics)
    return cursors.encode(cursors.Cursor(marks.epoch, heads), topics)


def session_id(person: User) -> str:
    key = open_session(person, "Tests").session_key
    return str(Session.objects.get(session_key=key).public_id)


def user_id(person: User) -> str:
    return ids.encode("User", person.pk)


def _person(name: str) -> User:
    staff = name == "staff"
    person = User(username=name, first_name=name.title(), is_staff=staff, is_superuser=staff)
    person.set_password(PASSWORD)
    person.save()
    return person


def _let_in(room: Room, person: User) -> None:
    if room.access == Room.Access.OPEN:
        changes.join_open_room(room, user=person)
    else:
        changes.admit(changes.request_to_join(room, user=person), by=room.owner)


def _membership(room: Room, person: User) -> Membership:
    return room.memberships.get(user=person)
