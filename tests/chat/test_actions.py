"""Who may do what: every action, asked by everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from chat import actions, changes, policies
from chat.errors import (
    AlreadyMember,
    ChatError,
    ClientMutationIdReused,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OwnerStays,
    RoomIsOpen,
    Unauthenticated,
)
from chat.models import Message, Room
from chat.policies import Actor
from realtime.models import TopicRow
from tests.chat.conftest import BY_REQUEST, World, events_of, everything

NO_IDS = (2**63, -(2**63) - 1, 10**30, 0, -1, None, 999)

Act = Callable[[World, Actor], Any]

# Alice owns the room, Bob is a member of it, Carol asks to come in, Dave is a stranger.
PEOPLE = ("nobody", "inactive", "alice", "bob", "carol", "dave")
MATRIX: dict[str, tuple[Act, tuple[type[ChatError] | None, ...]]] = {
    "create_room": (
        lambda world, actor: actions.create_room(actor=actor, title="New", access=BY_REQUEST),
        (None, None, None, None),
    ),
    "rename_room": (
        lambda world, actor: actions.rename_room(actor=actor, room_id=world.room.pk, title="New"),
        (None, Forbidden, NotFound, NotFound),
    ),
    "rotate_join_code": (
        lambda world, actor: actions.rotate_join_code(actor=actor, room_id=world.room.pk),
        (None, Forbidden, NotFound, NotFound),
    ),
    "delete_room": (
        lambda world, actor: actions.delete_room(actor=actor, room_id=world.room.pk),
        (None, Forbidden, NotFound, NotFound),
    ),
    "join_room, by request": (
        lambda world, actor: actions.join_room(actor=actor, room_id=world.room.pk),
        (AlreadyMember, AlreadyMember, NotFound, NotFound),
    ),
    "join_room, open": (
        lambda world, actor: actions.join_room(actor=actor, room_id=world.lobby.pk),
        (AlreadyMember, None, None, None),
    ),
    "request_to_join": (
        lambda world, actor: actions.request_to_join(actor=actor, join_code=world.room.join_code),
        (Conflict, Conflict, Conflict, None),
    ),
    "request_to_join, open": (
        lambda world, actor: actions.request_to_join(actor=actor, join_code=world.lobby.join_code),
        (RoomIsOpen, RoomIsOpen, RoomIsOpen, RoomIsOpen),
    ),
    "withdraw_join_request": (
        lambda world, actor: actions.withdraw_join_request(
            actor=actor, join_request_id=_waiting(world)
        ),
        (Forbidden, NotFound, None, NotFound),
    ),
    "admit_join_request": (
        lambda world, actor: actions.admit_join_request(
            actor=actor, join_request_id=_waiting(world)
        ),
        (None, NotFound, Forbidden, NotFound),
    ),
    "deny_join_request": (
        lambda world, actor: actions.deny_join_request(
            actor=actor, join_request_id=_waiting(world)
        ),
        (None, NotFound, Forbidden, NotFound),
    ),
    "remove_member": (
        lambda world, actor: actions.remove_member(
            actor=actor, room_id=world.room.pk, user_id=world.bob.pk
        ),
        (None, Forbidden, NotFound, NotFound),
    ),
    "remove_member, not one": (
        lambda world, actor: actions.remove_member(
            actor=actor, room_id=world.room.pk, user_id=world.dave.pk
        ),
        (NotFound, Forbidden, NotFound, NotFound),
    ),
    "remove_member, the owner": (
        lambda world, actor: actions.remove_member(
            actor=actor, room_id=world.room.pk, user_id=world.alice.pk
        ),
        (OwnerStays, Forbidden, NotFound, NotFound),
    ),
    "leave_room": (
        lambda world, actor: actions.leave_room(actor=actor, room_id=world.room.pk),
        (OwnerStays, None, NotFound, NotFound),
    ),
    "send_message": (
        lambda world, actor: actions.send_message(
            actor=actor, room_id=world.room.pk, text="Hello", client_mutation_id="one"
        ),
        (None, None, NotFound, NotFound),
    ),
}
CASES = [
    pytest.param(act, name, outcome, id=f"{title} by {name}")
    for title, (act, outcomes) in MATRIX.items()
    for name, outcome in zip(PEOPLE, (Unauthenticated, Unauthenticated, *outcomes), strict=True)
]


def _waiting(world: World) -> int:
    return int(world.room.join_requests.get(user=world.carol).pk)


def _actor(world: World, name: str) -> Actor:
    if name == "nobody":
        return AnonymousUser()
    if name == "inactive":
        # As the actor of an open socket: it has not heard of it yet.
        stale = User.objects.get(pk=world.alice.pk)
        User.objects.filter(pk=world.alice.pk).update(is_active=False)
        return stale
    return User.objects.get(username=name)


@pytest.fixture
def house(world: World) -> World:
    world.with_member(world.bob)
    world.asked_by(world.carol)
    return world


@pytest.mark.parametrize(("act", "name", "outcome"), CASES)
def test_an_action_is_for_whom_it_is_for(
    house: World, act: Act, name: str, outcome: type[ChatError] | None
) -> None:
    actor = _actor(house, name)
    before = everything()

    if outcome is None:
        act(house, actor)
        assert everything() != before
    else:
        with pytest.raises(outcome):
            act(house, actor)
        assert everything() == before


ABOUT_A_ROW: dict[str, Callable[[Actor, int | None], Any]] = {
    "rename_room": lambda actor, row: actions.rename_room(actor=actor, room_id=row, title="New"),
    "rotate_join_code": lambda actor, row: actions.rotate_join_code(actor=actor, room_id=row),
    "delete_room": lambda actor, row: actions.delete_room(actor=actor, room_id=row),
    "join_room": lambda actor, row: actions.join_room(actor=actor, room_id=row),
    "withdraw_join_request": lambda actor, row: actions.withdraw_join_request(
        actor=actor, join_request_id=row
    ),
    "admit_join_request": lambda actor, row: actions.admit_join_request(
        actor=actor, join_request_id=row
    ),
    "deny_join_request": lambda actor, row: actions.deny_join_request(
        actor=actor, join_request_id=row
    ),
    "remove_member": lambda actor, row: actions.remove_member(actor=actor, room_id=row, user_id=1),
    "leave_room": lambda actor, row: actions.leave_room(actor=actor, room_id=row),
    "send_message": lambda actor, row: actions.send_message(actor=actor, room_id=row, text="Hello"),
}


@pytest.mark.parametrize("row", NO_IDS)
@pytest.mark.parametrize("act", ABOUT_A_ROW.values(), ids=ABOUT_A_ROW)
def test_what_does_not_exist_is_not_found_and_leaves_no_topic(
    house: World, act: Callable[[Actor, int | None], Any], row: int | None
) -> None:
    known = set(TopicRow.objects.values_list("name", flat=True))

    with pytest.raises(NotFound):
        act(house.alice, row)

    assert set(TopicRow.objects.values_list("name", flat=True)) == known


@pytest.mark.parametrize("row", NO_IDS)
def test_whoever_is_no_member_cannot_be_removed(house: World, row: int | None) -> None:
    with pytest.raises(NotFound, match="member"):
        actions.remove_member(actor=house.alice, room_id=house.room.pk, user_id=row)


@pytest.mark.parametrize("code", ["", "nonsense", "a\0b", "\ud800", "ü" * 22, "a" * 100_000])
def test_a_code_that_leads_nowhere_is_not_found(house: World, code: str) -> None:
    with pytest.raises(NotFound):
        actions.request_to_join(actor=house.dave, join_code=code)


def test_a_join_code_counts_as_it_is_written(house: World) -> None:
    with pytest.raises(NotFound):
        actions.request_to_join(actor=house.dave, join_code=house.room.join_code.swapcase())


def test_a_room_one_is_not_in_and_one_that_is_not_there_cannot_be_told_apart(
    house: World,
) -> None:
    def told(room_id: int) -> str:
        with pytest.raises(NotFound) as refused:
            actions.send_message(actor=house.dave, room_id=room_id, text="Hello")
        return str(refused.value)

    assert told(house.room.pk) == told(house.lobby.pk) == told(999)


@pytest.mark.parametrize(
    ("field", "act"),
    [
        ("title", lambda w: actions.create_room(actor=w.alice, title=" ", access=BY_REQUEST)),
        ("title", lambda w: actions.rename_room(actor=w.alice, room_id=w.room.pk, title="\0")),
        ("text", lambda w: actions.send_message(actor=w.alice, room_id=w.room.pk, text=" ")),
        (
            "clientMutationId",
            lambda w: actions.send_message(
                actor=w.alice, room_id=w.room.pk, text="Hello", client_mutation_id=""
            ),
        ),
    ],
    ids=["create_room", "rename_room", "send_message", "send_message, its name"],
)
def test_what_cannot_be_used_is_invalid_and_changes_nothing(
    house: World, field: str, act: Callable[[World], Any]
) -> None:
    before = everything()

    with pytest.raises(Invalid) as refused:
        act(house)

    assert refused.value.field == field
    assert everything() == before


def test_a_title_is_kept_without_the_space_around_it(house: World) -> None:
    room = actions.create_room(actor=house.alice, title=" New ", access=Room.Access.OPEN)

    assert Room.objects.get(pk=room.pk).title == "New"


def test_rights_are_checked_before_an_earlier_attempt_is_looked_up(house: World) -> None:
    send: dict[str, Any] = {"room_id": house.room.pk, "text": "Hello", "client_mutation_id": "one"}
    actions.send_message(actor=house.bob, **send)
    actions.remove_member(actor=house.alice, room_id=house.room.pk, user_id=house.bob.pk)

    with pytest.raises(NotFound):
        actions.send_message(actor=house.bob, **send)


def test_an_attempt_repeated_is_the_first_message(house: World) -> None:
    send: dict[str, Any] = {
        "room_id": house.room.pk,
        "text": " Hello\n",
        "client_mutation_id": "one",
    }
    first = actions.send_message(actor=house.bob, **send)

    assert events_of(lambda: actions.send_message(actor=house.bob, **send)) == []
    assert actions.send_message(actor=house.bob, **send) == first
    with pytest.raises(ClientMutationIdReused):
        actions.send_message(actor=house.bob, **{**send, "text": "Hello"})


def _between(monkeypatch: pytest.MonkeyPatch, policy: str, meanwhile: Callable[[], object]) -> None:
    """Let ``meanwhile`` be committed after the policy was asked and before the lock."""
    ask = getattr(policies, policy)
    pending = [meanwhile]

    def asked(*args: Any) -> Any:
        answer = ask(*args)
        if pending:
            pending.pop()()
        return answer

    monkeypatch.setattr(policies, policy, asked)


def test_a_member_removed_meanwhile_sends_nothing(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    membership = house.room.memberships.get(user=house.bob)
    _between(
        monkeypatch,
        "member_of",
        lambda: changes.remove_member(membership, by=house.alice),
    )

    with pytest.raises(NotFound):
        actions.send_message(actor=house.bob, room_id=house.room.pk, text="Hello")

    assert not Message.objects.exists()


def test_an_actor_deactivated_meanwhile_is_signed_out(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _between(
        monkeypatch,
        "room_owned_by",
        lambda: User.objects.filter(pk=house.alice.pk).update(is_active=False),
    )

    with pytest.raises(Unauthenticated):
        actions.rename_room(actor=house.alice, room_id=house.room.pk, title="New")


def test_a_join_code_rotated_meanwhile_lets_nobody_ask(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _between(monkeypatch, "room_behind", lambda: changes.rotate_join_code(house.room))

    with pytest.raises(NotFound):
        actions.request_to_join(actor=house.dave, join_code=house.room.join_code)


def test_a_room_deleted_meanwhile_is_not_found(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _between(monkeypatch, "room_owned_by", lambda: changes.delete_room(house.room))

    with pytest.raises(NotFound):
        actions.rotate_join_code(actor=house.alice, room_id=house.room.pk)


def test_a_decision_made_meanwhile_stands(house: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = house.room.join_requests.get(user=house.carol)
    _between(monkeypatch, "request_to_decide", lambda: changes.withdraw(asked))

    with pytest.raises(Conflict, match="withdrawn"):
        actions.admit_join_request(actor=house.alice, join_request_id=asked.pk)

    assert not house.room.memberships.filter(user=house.carol).exists()
