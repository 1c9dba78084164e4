"""What the database itself refuses, even to a change that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from chat.guard import change
from chat.models import JoinRequest, Membership, Message, Room, new_join_code
from tests.chat.conftest import BY_REQUEST, World

IMPOSSIBLE: dict[str, Callable[[World], Any]] = {
    "a blank title": lambda world: Room.objects.update(title="  "),
    "an unknown access": lambda world: Room.objects.update(access="AJAR"),
    "one join code for two rooms": lambda world: Room.objects.update(join_code="same"),
    "a second membership": lambda world: world.room.memberships.grant_to(world.alice),
    "a second message at an offset": lambda world: [_message(world, offset=7) for _ in "ab"],
    "a second message of one attempt": lambda world: [
        _message(world, offset=offset, client_mutation_id="same") for offset in (7, 8)
    ],
    "a blank message": lambda world: _message(world, offset=7, text=" "),
    "a second pending request": lambda world: [
        JoinRequest.objects.create(room=world.room, user=world.bob) for _ in "ab"
    ],
    "an unknown status": lambda world: _request(world, status="LOST", decided_at=timezone.now()),
    "a pending request with a decision": lambda world: _request(world, decided_at=timezone.now()),
    "a decided request without": lambda world: _request(world, status="DENIED"),
}


def _message(world: World, **values: Any) -> Message:
    values = {"text": "Hello", **values}
    return Message.objects.create(room=world.room, sender=world.alice, **values)


def _request(world: World, **values: Any) -> JoinRequest:
    return JoinRequest.objects.create(room=world.room, user=world.bob, **values)


@pytest.mark.parametrize("write", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_the_database_refuses(world: World, write: Callable[[World], Any]) -> None:
    with pytest.raises(IntegrityError):
        change(write)(world)


def test_who_was_denied_may_ask_again(world: World) -> None:
    change(_request)(world, status="DENIED", decided_at=timezone.now())

    again = change(_request)(world)

    assert again.is_pending


def test_join_codes_are_128_random_bits_and_safe_in_a_url() -> None:
    codes = {new_join_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(re.fullmatch(r"[\w-]{22}", code, re.ASCII) for code in codes)


def test_a_room_is_visible_to_its_members_only(world: World) -> None:
    world.with_member(world.bob)

    assert set(Room.objects.visible_to(world.alice)) == {world.room, world.lobby}
    assert set(Room.objects.visible_to(world.bob)) == {world.room}
    assert not Room.objects.visible_to(world.carol).exists()


def test_the_query_sets_read_as_they_are_named(world: World) -> None:
    membership = world.with_member(world.bob)
    waiting = world.asked_by(world.carol)

    assert list(Room.objects.open()) == [world.lobby]
    assert set(Room.objects.owned_by(world.alice)) == {world.room, world.lobby}
    assert list(Membership.objects.of(world.bob)) == [membership]
    assert list(JoinRequest.objects.pending()) == [waiting]
    assert list(JoinRequest.objects.by(world.carol)) == [waiting]
    assert JoinRequest.objects.for_owner(world.alice).count() == 2
    assert not JoinRequest.objects.for_owner(world.bob).exists()


def test_messages_are_in_the_order_of_their_events(world: World) -> None:
    said = [world.said(text) for text in ("one", "two", "three")]

    assert list(world.room.messages.all().in_order()) == said


def test_rows_name_themselves_for_people(world: World) -> None:
    assert str(world.room) == "Room"
    assert str(world.room.memberships.get()) == "alice in Room"
    assert str(world.said("Hello")) == "alice: Hello"
    assert str(world.asked_by(world.bob)) == "bob → Room"
    assert world.room.access == BY_REQUEST
