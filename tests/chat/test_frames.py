"""The frames of the plain topics: the form of every kind of event (design, §5)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

import msgspec
import pytest

from chat import events
from chat.frames import frame_of
from chat.models import JoinRequest, Room
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime.delivery import CaughtUp, Delivery
from realtime.errors import UnknownEvent
from realtime.event import Event
from realtime.follower import Expired, Revoked
from realtime.position import Expiry

AT = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
ALICE = UserData(1, "alice", "Alice", "Doe")
BOB = UserData(2, "bob", "Bob", "Bee")
ROOM = RoomData(7, "Room", Room.Access.BY_REQUEST, ALICE)
ASKED = JoinRequestData(5, ROOM, BOB, JoinRequest.Status.PENDING, AT, None)

ALICE_TOLD = {"id": "1", "username": "alice", "first_name": "Alice", "last_name": "Doe"}
BOB_TOLD = {"id": "2", "username": "bob", "first_name": "Bob", "last_name": "Bee"}


def _asked(action: str, user: dict[str, str] | None = None) -> dict[str, Any]:
    kwargs = {"id": "5", "action": action, "requesting_user": user}
    return {"type": "did_alter_join_request", "kwargs": kwargs}


FRAMES: list[tuple[events.ChatEvent, dict[str, Any]]] = [
    (
        events.MessageSent(MessageData(42, ROOM, BOB, "Hello world!", AT), "a1"),
        {
            "type": "chat_message_created",
            "kwargs": {
                "id": "42",
                "message": "Hello world!",
                "sender": BOB_TOLD,
                "posted_at": "2026-11-22T12:30:00Z",
                "client_mutation_id": "a1",
            },
        },
    ),
    (
        events.JoinRequestCreated(ASKED),
        _asked("create", {"id": "2", "first_name": "Bob", "last_name": "Bee"}),
    ),
    (events.JoinRequestAdmitted(ASKED), _asked("admit")),
    (events.JoinRequestDenied(ASKED), _asked("deny")),
    (events.JoinRequestWithdrawn(ASKED), _asked("withdraw")),
    (events.MemberJoined(BOB), {"type": "member_joined", "kwargs": {"user": BOB_TOLD}}),
    (events.MemberLeft(BOB, 1), {"type": "member_left", "kwargs": {"user": BOB_TOLD}}),
    (events.RoomRenamed(ROOM), {"type": "room_renamed", "kwargs": {"id": "7", "title": "Room"}}),
    (events.RoomDeleted(7), {"type": "room_deleted", "kwargs": {"id": "7"}}),
    (
        events.RoomJoined(ROOM),
        {
            "type": "room_joined",
            "kwargs": {
                "room": {"id": "7", "title": "Room", "access": "BY_REQUEST", "owner": ALICE_TOLD}
            },
        },
    ),
    (events.RoomLeft(7), {"type": "room_left", "kwargs": {"id": "7"}}),
    (
        events.JoinCodeRotated("s3cret"),
        {"type": "join_code_rotated", "kwargs": {"join_code": "s3cret"}},
    ),
]


def _delivery(event: events.ChatEvent) -> Delivery:
    stored = Event("room.7", 3, event.kind, event.version, msgspec.to_builtins(event), AT)
    return Delivery(stored, "cursor-3")


@pytest.mark.parametrize(("event", "frame"), FRAMES, ids=[event.kind for event, _ in FRAMES])
def test_an_event_is_told_in_its_form(event: events.ChatEvent, frame: dict[str, Any]) -> None:
    assert json.loads(frame_of(_delivery(event))) == {**frame, "cursor": "cursor-3"}


def test_every_kind_of_event_has_a_form() -> None:
    assert {type(event) for event, _ in FRAMES} == set(get_args(events.ChatEvent))


@pytest.mark.parametrize("text", ["\u2028\u2029", "</script>", '"\\', "😀", "\x01"], ids=ascii)
def test_any_text_survives_the_form(text: str) -> None:
    event = events.MessageSent(MessageData(42, ROOM, BOB, text, AT), None)

    assert json.loads(frame_of(_delivery(event)))["kwargs"]["message"] == text


def test_that_the_replay_is_done_is_told_with_its_position() -> None:
    told = json.loads(frame_of(CaughtUp("cursor-3", AT)))

    assert told == {"type": "caught_up", "kwargs": {}, "cursor": "cursor-3"}


def test_an_end_is_told_with_its_reason() -> None:
    assert json.loads(frame_of(Revoked("REMOVED"))) == {
        "type": "access_revoked",
        "kwargs": {"reason": "REMOVED"},
    }
    for expiry in Expiry:
        assert json.loads(frame_of(Expired(expiry))) == {
            "type": "cursor_expired",
            "kwargs": {"reason": expiry.value},
        }


def test_an_event_of_a_newer_process_is_not_told() -> None:
    unknown = Event("room.7", 3, "from_the_future", 1, {}, AT)

    with pytest.raises(UnknownEvent):
        frame_of(Delivery(unknown, "cursor-3"))
