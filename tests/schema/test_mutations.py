"""What is done, and what is told of it: the success of every mutation."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts.authentication import identity_of_session
from accounts.models import Session
from accounts.tokens import session_key_of
from chat import changes
from chat.models import JoinRequest, Message, Room
from schema import execution, ids
from schema.requests import Request, prepare
from tests.schema.conftest import Inhabited, ask, context_of, do

VIEWER = (
    "token viewer { user { username firstName lastName } rooms { nodes { id } }"
    " sessions { current } eventCursor }"
)
ROOM = (
    "room { id title access viewerRole joinCode members { nodes { username } } owner { username } }"
)
REQUEST = "joinRequest { id status decidedAt user { username } room { roomId title } }"


def _done(mutation: str, fields: str, *, by: User | None, **input: Any) -> dict[str, Any]:  # noqa: A002  # the API's name
    kind = mutation[0].upper() + mutation[1:]
    query = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input)"
        f" {{ __typename ... on {kind}Success {{ {fields} }} }} }}"
    )
    answer = ask(query, by=by, input=input)
    assert "errors" not in answer, answer
    outcome: dict[str, Any] = answer["data"][mutation]
    assert outcome.pop("__typename") == f"{kind}Success"
    return outcome


@pytest.mark.usefixtures("transactional_db")
def test_signing_up_makes_a_person_who_is_signed_in() -> None:
    done = _done(
        "signUp",
        VIEWER,
        by=None,
        username="erin",
        password="correct horse battery",
        firstName=" Erin ",
    )

    assert done["viewer"]["user"] == {"username": "erin", "firstName": "Erin", "lastName": ""}
    assert done["viewer"]["rooms"] == {"nodes": []}
    identity = identity_of_session(session_key_of(done["token"]))
    assert identity is not None
    assert identity.user.username == "erin"


def test_signing_in_gives_a_token_and_what_the_person_sees(house: Inhabited) -> None:
    house.bob.set_password("correct horse battery")
    house.bob.save()

    done = _done("signIn", VIEWER, by=None, username="bob", password="correct horse battery")

    assert done["viewer"]["rooms"] == {"nodes": [{"id": house.room_id}]}
    identity = identity_of_session(session_key_of(done["token"]))
    assert identity is not None
    assert identity.user == house.bob


def test_signing_out_ends_the_session_that_asked(house: Inhabited) -> None:
    one, other = context_of(house.bob), context_of(house.bob)
    operation = prepare(
        Request(
            "mutation { signOut { ... on SignOutSuccess { ok } } again: signOut { __typename } }"
        )
    )

    result = execution.formatted(execution.run(operation, one))

    assert result["data"] == {"signOut": {"ok": True}, "again": {"__typename": "Unauthenticated"}}
    assert [each.session_key for each in Session.objects.filter(user=house.bob)] == [
        other._session_key
    ]


def test_a_session_of_ones_own_can_be_revoked(house: Inhabited) -> None:
    _ = context_of(house.bob)
    session = Session.objects.get(user=house.bob)

    done = _done("revokeSession", "sessionId", by=house.bob, sessionId=str(session.public_id))

    assert done == {"sessionId": str(session.public_id)}
    assert not Session.objects.filter(pk=session.pk).exists()


@pytest.mark.parametrize("access", ["OPEN", "BY_REQUEST"])
def test_who_creates_a_room_owns_it_and_is_in_it(house: Inhabited, access: str) -> None:
    room = _done("createRoom", ROOM, by=house.dave, title=" New ", access=access)["room"]

    assert room.pop("joinCode")
    assert Room.objects.get(pk=ids.row_id(room.pop("id"), "Room")).owner == house.dave
    assert room == {
        "title": "New",
        "access": access,
        "viewerRole": "OWNER",
        "members": {"nodes": [{"username": "dave"}]},
        "owner": {"username": "dave"},
    }


def test_a_room_is_renamed(house: Inhabited) -> None:
    room = _done("renameRoom", ROOM, by=house.alice, roomId=house.room_id, title="New")["room"]

    assert (room["id"], room["title"]) == (house.room_id, "New")


def test_a_rotated_code_is_another_and_is_told(house: Inhabited) -> None:
    room = _done("rotateJoinCode", ROOM, by=house.alice, roomId=house.room_id)["room"]

    assert room["joinCode"] != house.room.join_code
    assert Room.objects.get(pk=house.room.pk).join_code == room["joinCode"]


def test_a_deleted_room_is_gone(house: Inhabited) -> None:
    done = _done("deleteRoom", "roomId", by=house.alice, roomId=house.room_id)

    assert done == {"roomId": house.room_id}
    assert not Room.objects.filter(pk=house.room.pk).exists()


def test_an_open_room_is_entered(house: Inhabited) -> None:
    room = _done("joinRoom", ROOM, by=house.dave, roomId=house.lobby_id)["room"]

    assert (room["viewerRole"], room["joinCode"]) == ("MEMBER", None)
    assert room["members"] == {"nodes": [{"username": "alice"}, {"username": "dave"}]}


def test_a_request_shows_the_door_and_waits(house: Inhabited) -> None:
    asked = _done("requestToJoin", REQUEST, by=house.dave, joinCode=house.room.join_code)[
        "joinRequest"
    ]

    assert (asked["status"], asked["decidedAt"]) == ("PENDING", None)
    assert asked["user"] == {"username": "dave"}
    assert asked["room"] == {"roomId": house.room_id, "title": "Room"}


@pytest.mark.parametrize(
    ("mutation", "who", "status"),
    [
        ("withdrawJoinRequest", "carol", "WITHDRAWN"),
        ("admitJoinRequest", "alice", "ADMITTED"),
        ("denyJoinRequest", "alice", "DENIED"),
    ],
)
def test_a_request_comes_to_its_end(house: Inhabited, mutation: str, who: str, status: str) -> None:
    by: User = getattr(house, who)
    asked = _done(mutation, REQUEST, by=by, joinRequestId=house.request_id)["joinRequest"]

    assert (asked["id"], asked["status"]) == (house.request_id, status)
    assert asked["decidedAt"] is not None
    assert JoinRequest.objects.get(pk=house.asked.pk).decided_by == by
    assert house.room.memberships.of(house.carol).exists() is (status == "ADMITTED")


def test_a_member_is_removed_and_a_member_leaves(house: Inhabited) -> None:
    changes.admit(house.asked, by=house.alice)
    bob = ids.encode("User", house.bob.pk)

    room = _done("removeMember", ROOM, by=house.alice, roomId=house.room_id, userId=bob)["room"]
    left = _done("leaveRoom", "roomId", by=house.carol, roomId=house.room_id)

    assert room["members"] == {"nodes": [{"username": "alice"}, {"username": "carol"}]}
    assert left == {"roomId": house.room_id}
    assert [each.user for each in house.room.memberships.all()] == [house.alice]


@pytest.mark.parametrize(
    "text", ["Hello", " \n\t x ", "😀" * 2_000, "\u202eabc", "\u2028"[:0] + "a\u2028b"]
)
def test_a_message_is_kept_as_it_was_written(house: Inhabited, text: str) -> None:
    fields = "sentMessage { text sender { username } room { roomId } }"

    sent = _done("sendMessage", fields, by=house.bob, roomId=house.room_id, text=text)[
        "sentMessage"
    ]

    assert sent == {"text": text, "sender": {"username": "bob"}, "room": {"roomId": house.room_id}}
    assert Message.objects.get().text == text


def test_sending_again_under_the_same_name_gives_the_first_message(house: Inhabited) -> None:
    """G9"""
    said = {"roomId": house.room_id, "text": "Hello", "clientMutationId": "x" * 64}

    first, again = (
        _done("sendMessage", "sentMessage { id }", by=house.bob, **said) for _ in range(2)
    )
    other = do("sendMessage", by=house.bob, **{**said, "text": "Good bye"})
    hers = _done("sendMessage", "sentMessage { id }", by=house.alice, **said)

    assert first == again != hers
    assert other["code"] == "CONFLICT"
    assert Message.objects.count() == 2


def test_rights_are_asked_before_an_earlier_message_is_given(house: Inhabited) -> None:
    """G9: a removed member does not get it back."""
    said = {"roomId": house.room_id, "text": "Hello", "clientMutationId": "1"}
    _done("sendMessage", "sentMessage { id }", by=house.bob, **said)
    changes.leave_room(house.room.memberships.get(user=house.bob))

    assert do("sendMessage", by=house.bob, **said)["code"] == "NOT_FOUND"


def test_a_client_mutation_id_that_is_null_is_none(house: Inhabited) -> None:
    said = {"roomId": house.room_id, "text": "Hello", "clientMutationId": None}

    for _ in range(2):
        _done("sendMessage", "sentMessage { id }", by=house.bob, **said)

    assert Message.objects.count() == 2
