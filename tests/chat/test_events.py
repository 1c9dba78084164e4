from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import msgspec
import pytest
from django.db import transaction

from chat import changes, events
from chat.events import ChatEvent
from chat.models import JoinRequest, Room
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime import log
from realtime.errors import TransactionRequired, UnknownEvent
from realtime.event import Event
from tests.chat.conftest import World

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
USER = UserData(3, "bob", "Bob", "")
ROOM = RoomData(7, "Room", Room.Access.OPEN, UserData(1, "alice", "Alice", "Doe"))
ASKED = JoinRequestData(5, ROOM, USER, JoinRequest.Status.PENDING, NOW, None)
DECIDED = msgspec.structs.replace(ASKED, status=JoinRequest.Status.DENIED, decided_at=NOW)

EXAMPLES: list[tuple[str, ChatEvent]] = [
    ("message_sent", events.MessageSent(MessageData(9, ROOM, USER, "Hi\n👋", NOW), None)),
    ("message_sent", events.MessageSent(MessageData(9, ROOM, USER, "Hi", NOW), "mine")),
    ("member_joined", events.MemberJoined(USER)),
    ("member_left", events.MemberLeft(USER, by_id=1)),
    ("room_renamed", events.RoomRenamed(ROOM)),
    ("room_deleted", events.RoomDeleted(7)),
    ("join_request_created", events.JoinRequestCreated(ASKED)),
    ("join_request_admitted", events.JoinRequestAdmitted(DECIDED)),
    ("join_request_denied", events.JoinRequestDenied(DECIDED)),
    ("join_request_withdrawn", events.JoinRequestWithdrawn(DECIDED)),
    ("join_code_rotated", events.JoinCodeRotated("code")),
    ("room_joined", events.RoomJoined(ROOM)),
    ("room_left", events.RoomLeft(7)),
]


def _stored(example: ChatEvent) -> Event:
    data = json.loads(json.dumps(msgspec.to_builtins(example)))
    return Event("room.7", 1, example.kind, example.version, data, NOW)


def test_the_examples_are_all_there_is() -> None:
    assert {type(example) for _, example in EXAMPLES} == set(get_args(ChatEvent))


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_an_event_is_read_as_it_was_published(
    transactional_db: None, kind: str, example: ChatEvent
) -> None:
    with transaction.atomic():
        live = events.publish("room.7", example)
    (stored,) = log.read("room.7", 0, 10)

    assert (live.kind, live.version, live.offset) == (kind, 1, 1)
    assert live == replace(stored)
    assert events.decode(live) == events.decode(stored) == example


def test_an_event_is_decoded_once_for_all_its_followers() -> None:
    event = _stored(events.RoomLeft(7))

    assert events.decode(event) is events.decode(event)


@pytest.mark.parametrize(
    "changed",
    [{"kind": "room_left_again"}, {"version": 2}, {"data": {}}, {"data": {"room_id": "seven"}}],
)
def test_what_a_newer_process_wrote_is_an_unknown_event(changed: dict[str, Any]) -> None:
    event = replace(_stored(events.RoomLeft(7)), **changed)

    with pytest.raises(UnknownEvent):
        events.decode(event)


def test_an_unknown_access_or_status_is_an_unknown_event() -> None:
    event = _stored(events.RoomRenamed(ROOM))
    event.data["room"]["access"] = "AJAR"

    with pytest.raises(UnknownEvent):
        events.decode(event)


def test_an_event_is_published_only_in_a_transaction(transactional_db: None) -> None:
    with pytest.raises(TransactionRequired):
        events.publish("room.7", events.RoomLeft(7))


def test_snapshots_tell_what_the_rows_say(world: World) -> None:
    message = world.said("Hello")
    asked = world.asked_by(world.bob)

    alice = UserData(world.alice.pk, "alice", "Alice", "Doe")
    room = RoomData(world.room.pk, "Room", Room.Access.BY_REQUEST, alice)
    assert MessageData.of(message) == MessageData(
        message.pk, room, alice, "Hello", message.posted_at
    )
    assert JoinRequestData.of(asked) == JoinRequestData(
        asked.pk, room, UserData.of(world.bob), JoinRequest.Status.PENDING, asked.created_at, None
    )


def test_a_decided_request_tells_when(world: World) -> None:
    denied = changes.deny(world.asked_by(world.bob), by=world.alice)

    data = JoinRequestData.of(denied)

    assert data.status is JoinRequest.Status.DENIED
    assert data.decided_at is not None
    assert timedelta(0) <= data.decided_at - data.created_at < timedelta(minutes=1)
