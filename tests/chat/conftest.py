from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User

from chat import changes
from chat.models import JoinRequest, Membership, Message, Room
from realtime.models import EventRow

BY_REQUEST, OPEN = Room.Access.BY_REQUEST, Room.Access.OPEN


@dataclass(frozen=True)
class World:
    """Alice owns two rooms; Bob and Carol are in neither, Dave owns nothing either."""

    alice: User
    bob: User
    carol: User
    dave: User
    room: Room
    lobby: Room

    def asked_by(self, user: User) -> JoinRequest:
        return changes.request_to_join(self.room, user=user)

    def with_member(self, user: User) -> Membership:
        changes.admit(self.asked_by(user), by=self.alice)
        return self.room.memberships.get(user=user)

    def said(self, text: str, **kwargs: Any) -> Message:
        return changes.send_message(self.room, sender=self.alice, text=text, **kwargs)


@pytest.fixture
def world(transactional_db: None) -> World:
    alice, bob, carol, dave = map(_person, ("alice", "bob", "carol", "dave"))
    room = changes.create_room(owner=alice, title="Room", access=BY_REQUEST)
    lobby = changes.create_room(owner=alice, title="Lobby", access=OPEN)
    return World(alice, bob, carol, dave, room, lobby)


def _person(name: str) -> User:
    return User.objects.create(username=name, first_name=name.title(), last_name="Doe")


def events_of(change: Callable[[], object]) -> list[tuple[str, str]]:
    """The topics and kinds of the events that ``change`` appended, by topic and in order."""
    rows = EventRow.objects.order_by("topic_id", "offset")
    before = set(rows.values_list("topic_id", "offset"))
    change()
    after = rows.values_list("topic_id", "offset", "kind")
    return [(topic, kind) for topic, offset, kind in after if (topic, offset) not in before]


def everything() -> dict[str, list[dict[str, Any]]]:
    """All that is stored of rooms, and all events."""
    tables: list[Any] = [Room, Membership, Message, JoinRequest, EventRow]
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}
