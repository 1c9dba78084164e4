"""Who may follow, asked for many at once, and which event ends that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import changes, events, gates, topics
from chat.gates import EndReason, PersonReader, RoomReader, person_gate, room_gate
from chat.snapshots import RoomData, UserData
from realtime import log
from realtime.errors import UnknownEvent
from realtime.event import Event
from realtime.gate import End
from tests.chat.conftest import World


def _last(topic: str) -> Event:
    head = log.marks([topic])[topic].head
    return log.read(topic, head - 1, 1)[0]


def _reader(world: World, user: User, *, owns: bool = False) -> RoomReader:
    return RoomReader(user.pk, world.room.pk, owns)


def test_an_owner_follows_two_topics_and_a_member_one(world: World) -> None:
    """Visibility is a topic, not a filter."""
    room = world.room.pk

    assert RoomReader(1, room, owns=True).topics == (f"room.{room}", f"room.{room}.owner")
    assert RoomReader(1, room, owns=False).topics == (f"room.{room}",)
    assert PersonReader(7).topics == ("user.7",)


def test_a_claim_says_what_the_person_is_in_the_room(world: World) -> None:
    world.with_member(world.bob)

    assert gates.room_reader(world.alice.pk, world.room.pk) == _reader(
        world, world.alice, owns=True
    )
    assert gates.room_reader(world.bob.pk, world.room.pk) == _reader(world, world.bob)


@pytest.mark.parametrize("room_id", [None, 0, -1, 999_999, 2**63, 10**30])
def test_there_is_no_claim_on_what_is_no_room(world: World, room_id: int | None) -> None:
    assert gates.room_reader(world.alice.pk, room_id) is None


def test_who_is_outside_has_no_claim(world: World) -> None:
    world.asked_by(world.bob)

    assert gates.room_reader(world.bob.pk, world.room.pk) is None
    assert gates.room_reader(999_999, world.room.pk) is None


def test_members_are_granted_and_nobody_else(world: World) -> None:
    """G5"""
    world.with_member(world.bob)
    world.asked_by(world.carol)
    granted = [
        _reader(world, world.alice, owns=True),
        _reader(world, world.alice),
        _reader(world, world.bob),
    ]
    refused = [
        _reader(world, world.bob, owns=True),
        _reader(world, world.carol),
        RoomReader(world.bob.pk, world.lobby.pk, owns=False),
    ]

    refusals = room_gate.authorise([*granted, *refused])

    assert set(refusals) == set(refused)


def test_granting_is_one_query_for_any_number(world: World) -> None:
    world.with_member(world.bob)
    claims = [_reader(world, world.alice, owns=True), _reader(world, world.bob)]

    with CaptureQueriesContext(connection) as queries:
        assert room_gate.authorise(claims) == {}

    assert len(queries) == 1


def test_a_refusal_says_how_the_membership_ended(world: World) -> None:
    for person in (world.bob, world.carol, world.dave):
        world.with_member(person)
    changes.leave_room(world.room.memberships.get(user=world.bob))
    changes.remove_member(world.room.memberships.get(user=world.carol), by=world.alice)

    refusals = room_gate.authorise(
        [_reader(world, each) for each in (world.bob, world.carol, world.dave)]
    )

    assert refusals == {
        _reader(world, world.bob): EndReason.LEFT,
        _reader(world, world.carol): EndReason.REMOVED,
    }
    changes.delete_room(world.room)
    assert room_gate.authorise([_reader(world, world.dave)]) == {
        _reader(world, world.dave): EndReason.ROOM_DELETED
    }


def test_the_last_farewell_counts(world: World) -> None:
    world.with_member(world.bob)
    changes.leave_room(world.room.memberships.get(user=world.bob))
    changes.admit(world.asked_by(world.bob), by=world.alice)
    changes.remove_member(world.room.memberships.get(user=world.bob), by=world.alice)

    assert (
        room_gate.authorise([_reader(world, world.bob)])[_reader(world, world.bob)]
        == EndReason.REMOVED
    )


def test_active_people_may_read_about_themselves(world: World) -> None:
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    claims = [PersonReader(world.alice.pk), PersonReader(world.bob.pk), PersonReader(999_999)]

    assert person_gate.authorise(claims) == dict.fromkeys(claims[1:], EndReason.SIGNED_OUT)


def _end(event: Event, reader: RoomReader) -> End | None:
    ending = room_gate.ending(event)
    return ending(reader) if ending is not None else None


def test_a_membership_ends_with_its_own_farewell_only(world: World) -> None:
    for person in (world.bob, world.carol):
        world.with_member(person)
    changes.leave_room(world.room.memberships.get(user=world.bob))
    left = _last(topics.room(world.room.pk))
    changes.remove_member(world.room.memberships.get(user=world.carol), by=world.alice)
    removed = _last(topics.room(world.room.pk))

    assert _end(left, _reader(world, world.bob)) == End(EndReason.LEFT)
    assert _end(removed, _reader(world, world.carol)) == End(EndReason.REMOVED)
    assert _end(left, _reader(world, world.carol)) is None
    assert _end(removed, _reader(world, world.alice, owns=True)) is None


def test_the_end_of_a_room_is_delivered_and_ends_everyone(world: World) -> None:
    topic = topics.room(world.room.pk)
    changes.delete_room(world.room)

    for owns in (True, False):
        end = _end(_last(topic), _reader(world, world.alice, owns=owns))
        assert end == End(EndReason.ROOM_DELETED, delivered=True)


def test_what_is_said_ends_nothing(world: World) -> None:
    world.said("Hello")
    said = _last(topics.room(world.room.pk))

    assert _end(said, _reader(world, world.alice, owns=True)) is None


def test_no_event_about_a_person_ends_their_stream(world: World) -> None:
    world.with_member(world.bob)
    topic = topics.user(world.bob.pk)

    for event in log.read(topic, 0, 100):
        assert person_gate.ending(event) is None


def _event(kind: str, version: int, data: dict[str, Any]) -> Event:
    return Event("room.1", 1, kind, version, data, datetime.now(UTC))


@pytest.mark.parametrize(
    ("kind", "version", "data"),
    [
        ("from_the_future", 1, {}),
        ("room_left", 2, {"room_id": 1}),
        ("room_left", 1, {}),
        ("member_left", 1, {"by_id": 1}),
    ],
)
@pytest.mark.parametrize("gate", [room_gate, person_gate], ids=["room", "person"])
def test_what_a_newer_process_wrote_is_noticed_by_every_gate(
    gate: Any, kind: str, version: int, data: dict[str, Any]
) -> None:
    """It might be a farewell: the follower is closed, and resumes elsewhere."""
    with pytest.raises(UnknownEvent):
        gate.ending(_event(kind, version, data))


def test_events_are_read_as_they_were_told(world: World) -> None:
    world.room.refresh_from_db()
    told = events.decode(_last(topics.user(world.alice.pk)))

    assert told == events.RoomJoined(RoomData.of(world.lobby))
    assert isinstance(UserData.of(world.alice), UserData)
