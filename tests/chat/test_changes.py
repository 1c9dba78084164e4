"""G3, G4 and G9: what each change writes, and exactly which events tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat import changes, events, topics
from chat.errors import (
    AlreadyDecided,
    AlreadyMember,
    AlreadyRequested,
    ClientMutationIdReused,
    Conflict,
    NotFound,
    OwnerStays,
    RoomIsByRequest,
    RoomIsOpen,
)
from chat.guard import change as as_change
from chat.models import JoinRequest, Membership, Message, Room
from realtime import log
from realtime.models import EventRow
from tests.chat.conftest import BY_REQUEST, World, events_of, everything

Prepared = Callable[[], Any]


def create_room(world: World) -> Prepared:
    return lambda: changes.create_room(owner=world.bob, title="New", access=BY_REQUEST)


def rename_room(world: World) -> Prepared:
    return lambda: changes.rename_room(world.room, title="New")


def rotate_join_code(world: World) -> Prepared:
    return lambda: changes.rotate_join_code(world.room)


def request_to_join(world: World) -> Prepared:
    return lambda: world.asked_by(world.bob)


def deny(world: World) -> Prepared:
    asked = world.asked_by(world.bob)
    return lambda: changes.deny(asked, by=world.alice)


def withdraw(world: World) -> Prepared:
    asked = world.asked_by(world.bob)
    return lambda: changes.withdraw(asked)


def admit(world: World) -> Prepared:
    asked = world.asked_by(world.bob)
    return lambda: changes.admit(asked, by=world.alice)


def delete_pending_request(world: World) -> Prepared:
    asked = world.asked_by(world.bob)
    return lambda: changes.delete_join_request(asked)


def delete_decided_request(world: World) -> Prepared:
    denied = changes.deny(world.asked_by(world.bob), by=world.alice)
    return lambda: changes.delete_join_request(denied)


def join_open_room(world: World) -> Prepared:
    return lambda: changes.join_open_room(world.lobby, user=world.bob)


def remove_member(world: World) -> Prepared:
    membership = world.with_member(world.bob)
    return lambda: changes.remove_member(membership, by=world.alice)


def leave_room(world: World) -> Prepared:
    membership = world.with_member(world.bob)
    return lambda: changes.leave_room(membership)


def send_message(world: World) -> Prepared:
    return lambda: world.said("Hello", client_mutation_id="one")


def delete_room(world: World) -> Prepared:
    world.said("Secret")
    world.with_member(world.bob)
    world.asked_by(world.carol)
    changes.deny(world.asked_by(world.dave), by=world.alice)
    return lambda: changes.delete_room(world.room)


CATALOGUE: dict[Callable[[World], Prepared], list[tuple[str, str]]] = {
    create_room: [("bob", "room_joined")],
    rename_room: [("room", "room_renamed")],
    rotate_join_code: [("owner", "join_code_rotated")],
    request_to_join: [("owner", "join_request_created"), ("bob", "join_request_created")],
    deny: [("owner", "join_request_denied"), ("bob", "join_request_denied")],
    withdraw: [("owner", "join_request_withdrawn"), ("bob", "join_request_withdrawn")],
    admit: [
        ("room", "member_joined"),
        ("owner", "join_request_admitted"),
        ("bob", "join_request_admitted"),
        ("bob", "room_joined"),
    ],
    delete_pending_request: [("owner", "join_request_denied"), ("bob", "join_request_denied")],
    delete_decided_request: [],
    join_open_room: [("lobby", "member_joined"), ("bob", "room_joined")],
    remove_member: [("room", "member_left"), ("bob", "room_left")],
    leave_room: [("room", "member_left"), ("bob", "room_left")],
    send_message: [("room", "message_sent")],
    delete_room: [
        ("room", "room_deleted"),
        ("alice", "room_left"),
        ("bob", "room_left"),
        ("carol", "join_request_denied"),
    ],
}


def _topic(world: World, name: str) -> str:
    named = {
        "room": topics.room(world.room.pk),
        "owner": topics.owner(world.room.pk),
        "lobby": topics.room(world.lobby.pk),
    }
    return named.get(name) or topics.user(getattr(world, name).pk)


@pytest.mark.parametrize(("prepare", "told"), CATALOGUE.items())
def test_a_change_has_exactly_the_events_of_the_catalogue(
    world: World, prepare: Callable[[World], Prepared], told: list[tuple[str, str]]
) -> None:
    change = prepare(world)

    appended = events_of(change)

    assert appended == [(_topic(world, name), kind) for name, kind in told]


@pytest.mark.parametrize("prepare", CATALOGUE)
def test_a_change_that_is_rolled_back_leaves_nothing(
    world: World, prepare: Callable[[World], Prepared]
) -> None:
    change = prepare(world)
    before = everything()

    with transaction.atomic():
        change()
        transaction.set_rollback(True)

    assert everything() == before


@pytest.mark.parametrize("prepare", [each for each, told in CATALOGUE.items() if told])
def test_a_change_whose_last_event_cannot_be_appended_leaves_nothing(
    world: World, prepare: Callable[[World], Prepared], monkeypatch: pytest.MonkeyPatch
) -> None:
    change = prepare(world)
    before = everything()
    left = len(CATALOGUE[prepare])

    def publish(topic: str, event: events.ChatEvent) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise LookupError
        events.publish(topic, event)

    monkeypatch.setattr(changes, "publish", publish)
    with pytest.raises(LookupError):
        change()

    assert everything() == before


@pytest.mark.parametrize("prepare", CATALOGUE)
def test_a_change_locks_its_topics_before_it_reads_or_writes_a_row_of_chat(
    world: World,
    prepare: Callable[[World], Prepared],
) -> None:
    change = prepare(world)

    with CaptureQueriesContext(connection) as captured:
        change()

    about_rows = [query["sql"] for query in captured if '"chat_' in query["sql"]]
    about_topics = [query["sql"] for query in captured if "realtime_topic" in query["sql"]]
    statements = [query["sql"] for query in captured]
    assert statements.index(about_topics[0]) < statements.index(about_rows[0])


@pytest.mark.parametrize("prepare", [each for each in CATALOGUE if each is not create_room])
def test_what_has_gone_meanwhile_is_not_found(
    world: World, prepare: Callable[[World], Prepared]
) -> None:
    change = prepare(world)
    changes.delete_room(world.room)
    changes.delete_room(world.lobby)
    before = everything()

    with pytest.raises(NotFound):
        change()

    assert everything() == before


CONFLICTS: dict[str, tuple[type[Conflict], Callable[[World], Prepared]]] = {
    "the owner leaves": (
        OwnerStays,
        lambda world: lambda: changes.leave_room(world.room.memberships.get()),
    ),
    "the owner is removed": (
        OwnerStays,
        lambda world: lambda: changes.remove_member(world.room.memberships.get(), by=world.bob),
    ),
    "requesting an open room": (
        RoomIsOpen,
        lambda world: lambda: changes.request_to_join(world.lobby, user=world.bob),
    ),
    "requesting twice": (AlreadyRequested, lambda world: _after(world.asked_by(world.bob), world)),
    "requesting as a member": (
        AlreadyMember,
        lambda world: _after(world.with_member(world.bob), world),
    ),
    "joining a room by request": (
        RoomIsByRequest,
        lambda world: lambda: changes.join_open_room(world.room, user=world.bob),
    ),
    "joining twice": (
        AlreadyMember,
        lambda world: lambda: changes.join_open_room(world.lobby, user=world.alice),
    ),
}


def _after(_: object, world: World) -> Prepared:
    return lambda: world.asked_by(world.bob)


@pytest.mark.parametrize(("conflict", "prepare"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_must_always_hold_is_upheld(
    world: World, conflict: type[Conflict], prepare: Callable[[World], Prepared]
) -> None:
    change = prepare(world)
    before = everything()

    with pytest.raises(conflict):
        change()

    assert everything() == before


DECISIONS: dict[str, Callable[[JoinRequest, World], JoinRequest]] = {
    "admit": lambda asked, world: changes.admit(asked, by=world.alice),
    "deny": lambda asked, world: changes.deny(asked, by=world.alice),
    "withdraw": lambda asked, world: changes.withdraw(asked),
}


@pytest.mark.parametrize("first", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("second", DECISIONS.values(), ids=DECISIONS)
def test_a_request_is_decided_once(
    world: World,
    first: Callable[[JoinRequest, World], JoinRequest],
    second: Callable[[JoinRequest, World], JoinRequest],
) -> None:
    stale = world.asked_by(world.bob)
    decided = first(stale, world)
    before = everything()

    with pytest.raises(AlreadyDecided) as refused:
        second(stale, world)

    assert refused.value.status == decided.status
    assert everything() == before


def test_a_decision_says_who_and_when(world: World) -> None:
    denied = changes.deny(world.asked_by(world.bob), by=world.alice)
    withdrawn = changes.withdraw(world.asked_by(world.carol))

    assert (denied.decided_by, withdrawn.decided_by) == (world.alice, world.carol)
    assert denied.decided_at is not None
    assert withdrawn.decided_at is not None


def test_a_founder_is_a_member(world: World) -> None:
    room = changes.create_room(owner=world.bob, title="New", access=BY_REQUEST)

    assert [each.user for each in room.memberships.all()] == [world.bob]


def test_a_new_join_code_leaves_the_old_one_leading_nowhere(world: World) -> None:
    changes.rotate_join_code(world.room)

    assert not Room.objects.filter(join_code=world.room.join_code).exists()


def test_renaming_and_rotating_do_not_undo_each_other(world: World) -> None:
    """Both start from the same stale room, and each writes only its own field."""
    rotated = changes.rotate_join_code(world.room)

    renamed = changes.rename_room(world.room, title="New")

    assert renamed.join_code == rotated.join_code
    assert Room.objects.get(pk=world.room.pk).title == "New"


def test_an_event_tells_the_state_it_made_and_not_a_stale_one(world: World) -> None:
    changes.rename_room(world.room, title="New")

    message = world.said("Hello")

    assert message.room.title == "New"
    (told,) = log.last(topics.room(world.room.pk), "message_sent", 1)
    assert told.data["message"]["room"]["title"] == "New"


def test_a_message_has_the_offset_of_its_event(world: World) -> None:
    world.with_member(world.bob)

    messages = [world.said(text) for text in ("one", "two")]

    told = log.last(topics.room(world.room.pk), "message_sent", 2)
    assert {each.offset: each.data["message"]["id"] for each in told} == {
        each.offset: each.pk for each in messages
    }


def test_leaving_and_being_removed_are_told_apart(world: World) -> None:
    changes.leave_room(world.with_member(world.bob))
    changes.remove_member(world.with_member(world.bob), by=world.alice)

    removed, left = map(events.decode, log.last(topics.room(world.room.pk), "member_left", 2))

    assert isinstance(left, events.MemberLeft)
    assert isinstance(removed, events.MemberLeft)
    assert (left.by_id, removed.by_id) == (world.bob.pk, world.alice.pk)


def test_sending_again_gives_the_first_message_and_no_second_event(world: World) -> None:
    first = world.said("Hello", client_mutation_id="one")

    appended = events_of(lambda: world.said("Hello", client_mutation_id="one"))

    assert appended == []
    assert world.said("Hello", client_mutation_id="one") == first
    assert Message.objects.count() == 1


def test_another_text_under_the_same_name_is_a_conflict(world: World) -> None:
    world.said("Hello", client_mutation_id="one")

    with pytest.raises(ClientMutationIdReused):
        world.said("Goodbye", client_mutation_id="one")


def test_a_client_mutation_id_belongs_to_its_sender_and_room(world: World) -> None:
    world.with_member(world.bob)
    sent = {"text": "Hello", "client_mutation_id": "one"}

    messages = [
        changes.send_message(world.room, sender=world.alice, **sent),
        changes.send_message(world.room, sender=world.bob, **sent),
        changes.send_message(world.lobby, sender=world.alice, **sent),
    ]

    assert len({each.pk for each in messages}) == 3


def test_messages_without_a_name_are_never_the_same(world: World) -> None:
    assert world.said("Hello") != world.said("Hello")


def test_a_deleted_room_leaves_no_text_and_nothing_but_its_last_event(world: World) -> None:
    world.said("Xylophone")
    world.asked_by(world.bob)

    changes.delete_room(world.room)

    assert "Xylophone" not in repr(everything())
    names = (topics.room(world.room.pk), topics.owner(world.room.pk))
    assert [row.kind for row in EventRow.objects.filter(topic__in=names)] == ["room_deleted"]
    for model in (Message, Membership, JoinRequest):
        assert not model.objects.filter(room_id=world.room.pk).exists()


def test_a_waiting_person_sees_a_deleted_room_as_a_denial(world: World) -> None:
    world.asked_by(world.bob)

    changes.delete_room(world.room)

    (told,) = map(events.decode, log.last(topics.user(world.bob.pk), "join_request_denied", 5))
    assert isinstance(told, events.JoinRequestDenied)
    assert told.join_request.status == JoinRequest.Status.DENIED
    assert told.join_request.decided_at is not None


def test_deleting_a_room_does_not_load_what_was_said_in_it(world: World) -> None:
    world.said("Hello")

    with CaptureQueriesContext(connection) as captured:
        changes.delete_room(world.room)

    assert not [query for query in captured if '"chat_message"."text"' in query["sql"]]


def test_a_pending_request_is_not_left_behind_by_a_membership(world: World) -> None:
    """What cannot come about by changes is still refused by them."""
    asked = world.asked_by(world.bob)
    as_change(lambda: world.room.memberships.grant_to(world.bob))()

    with pytest.raises(AlreadyMember):
        changes.admit(asked, by=world.alice)

    asked.refresh_from_db()
    assert asked.is_pending
    assert Membership.objects.of(world.bob).count() == 1
