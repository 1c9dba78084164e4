"""
What is there and what is not cannot be told apart by whom it does not concern.

Neither by the answer nor by the work that it takes: the same statements are
executed and as many passwords hashed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import hashers
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions
from accounts.errors import InvalidCredentials
from accounts.models import Session
from chat import changes
from chat.models import Room
from schema import execution, ids, requests
from schema.requests import Request
from tests.schema.conftest import Inhabited, context_of

PASSWORD = "correct horse battery"


def statements_of(work: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What ``work`` returns, and the statements that it executes, without their values."""
    with CaptureQueriesContext(connection) as captured:
        done = work()
    # psycopg names the smallest type that a number fits in.
    values = r"'[^']*'|\b\d+\b|%s|::int\d(\[\])?"
    return done, [re.sub(values, "?", query["sql"]) for query in captured]


def asked(query: str, by: User, **variables: Any) -> tuple[Any, list[str]]:
    operation = requests.prepare(Request(query, variables))
    context = context_of(by)
    return statements_of(lambda: execution.formatted(execution.run(operation, context)))


def _message_id(house: Inhabited) -> str:
    house.said("Hello")
    return ids.encode("Message", house.room.messages.get().pk)


def _session_id(house: Inhabited) -> str:
    actions.open_session(house.alice, "Alice's")
    return str(Session.objects.get(user=house.alice).public_id)


def _changing(mutation: str, fields: str) -> str:
    return (
        f"mutation ($x: ID!) {{ {mutation}(input: {{{fields}}})"
        " { __typename ... on Error { code message } } }"
    )


HIDDEN: dict[str, tuple[str, Callable[[Inhabited], str], str]] = {
    **{
        f"a room to {name}": (
            _changing(mutation, fields),
            lambda house: house.room_id,
            ids.encode("Room", 999_999),
        )
        for name, mutation, fields in (
            ("delete", "deleteRoom", "roomId: $x"),
            ("give another code", "rotateJoinCode", "roomId: $x"),
            ("remove from", "removeMember", f'roomId: $x, userId: "{ids.encode("User", 1)}"'),
        )
    },
    "a request to deny": (
        _changing("denyJoinRequest", "joinRequestId: $x"),
        lambda house: house.request_id,
        ids.encode("JoinRequest", 999_999),
    ),
    "somebody's session": (
        _changing("revokeSession", "sessionId: $x"),
        _session_id,
        "00000000-0000-4000-8000-000000000000",
    ),
    "a room": (
        "query ($x: ID!) { room(id: $x) { id } }",
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a room's events": (
        'query ($x: ID!) { roomEvents(roomId: $x, after: "") { cursor } }',
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a room to send to": (
        ('mutation ($x: ID!) { sendMessage(input: {roomId: $x, text: "Hello"}) {'
        " __typename ... on Error { code message } } }"),
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a room to leave": (
        ("mutation ($x: ID!) { leaveRoom(input: {roomId: $x}) {"
        " __typename ... on Error { code message } } }"),
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a room to rename": (
        ('mutation ($x: ID!) { renameRoom(input: {roomId: $x, title: "Mine"}) {'
        " __typename ... on Error { code message } } }"),
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a request to admit": (
        ("mutation ($x: ID!) { admitJoinRequest(input: {joinRequestId: $x}) {"
        " __typename ... on Error { code message } } }"),
        lambda house: house.request_id,
        ids.encode("JoinRequest", 999_999),
    ),
    "a request to withdraw": (
        ("mutation ($x: ID!) { withdrawJoinRequest(input: {joinRequestId: $x}) {"
        " __typename ... on Error { code message } } }"),
        lambda house: house.request_id,
        ids.encode("JoinRequest", 999_999),
    ),
    "a user": (
        "query ($x: ID!) { node(id: $x) { id } }",
        lambda house: ids.encode("User", house.alice.pk),
        ids.encode("User", 999_999),
    ),
    "a room as a node": (
        "query ($x: ID!) { node(id: $x) { id } }",
        lambda house: house.room_id,
        ids.encode("Room", 999_999),
    ),
    "a request as a node": (
        "query ($x: ID!) { node(id: $x) { id } }",
        lambda house: house.request_id,
        ids.encode("JoinRequest", 999_999),
    ),
    "a message as a node": (
        "query ($x: ID!) { node(id: $x) { id } }",
        _message_id,
        ids.encode("Message", 999_999),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_hidden_takes_the_same_answer_and_work_as_what_is_not_there(
    house: Inhabited, name: str
) -> None:
    query, hidden, missing = HIDDEN[name]

    of_hidden = asked(query, house.dave, x=hidden(house))
    of_missing = asked(query, house.dave, x=missing)

    assert of_hidden == of_missing
    assert of_hidden[1]


def test_a_room_by_request_cannot_be_told_from_none_by_joining_it(house: Inhabited) -> None:
    query = """mutation ($x: ID!) { joinRoom(input: {roomId: $x}) {
        __typename ... on Error { code message } } }"""

    of_hidden = asked(query, house.dave, x=house.room_id)
    of_missing = asked(query, house.dave, x=ids.encode("Room", 999_999))

    assert of_hidden == of_missing


@pytest.mark.parametrize("code", ["", "x", "x" * 32, "\u0130", "a\0b", "%", "' OR 1=1 --"])
@pytest.mark.parametrize(
    "query",
    [
        "query ($x: String!) { roomPreview(joinCode: $x) { id } }",
        (
            "mutation ($x: String!) { requestToJoin(input: {joinCode: $x}) {"
            " __typename ... on Error { code message } } }"
        ),
    ],
    ids=["roomPreview", "requestToJoin"],
)
def test_a_join_code_that_opens_nothing_says_no_more_than_that(
    house: Inhabited, query: str, code: str
) -> None:
    answer, _ = asked(query, house.dave, x=code)
    expected, _ = asked(query, house.dave, x="no code at all")

    assert answer == expected
    assert not any(known in str(answer) for known in (house.room.title, house.lobby.title))


@pytest.mark.parametrize(
    "query",
    [
        "query ($x: String!) { roomPreview(joinCode: $x) { id } }",
        _changing("requestToJoin", "joinCode: $x").replace("ID!", "String!"),
    ],
    ids=["roomPreview", "requestToJoin"],
)
@pytest.mark.parametrize("end", [changes.rotate_join_code, changes.delete_room])
def test_a_code_that_was_good_once_takes_the_same_answer_and_work_as_none(
    house: Inhabited, query: str, end: Callable[..., Any]
) -> None:
    code = Room.objects.get(pk=house.room.pk).join_code
    end(house.room)

    of_former = asked(query, house.dave, x=code)

    assert of_former == asked(query, house.dave, x="x" * len(code))
    assert of_former[1]


def test_a_join_code_is_never_found_by_a_part_of_it_or_another_case(house: Inhabited) -> None:
    code = Room.objects.get(pk=house.room.pk).join_code
    query = "query ($x: String!) { roomPreview(joinCode: $x) { id } }"

    for near in (code[:-1], code + "x", code.swapcase(), f" {code}", f"{code} "):
        assert asked(query, house.dave, x=near)[0] == {"data": {"roomPreview": None}}
    assert asked(query, house.dave, x=code)[0]["data"]["roomPreview"]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """One entry for each password that is hashed."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    done: list[str] = []
    pbkdf2 = hashers.PBKDF2PasswordHasher

    def encode(self: Any, password: str, salt: str, iterations: int | None = None) -> str:
        done.append(salt)
        return f"{self.algorithm}${self.iterations}${salt}${password[::-1]}"

    monkeypatch.setattr(pbkdf2, "encode", encode)
    return done


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["active", "inactive", "without a password", "nobody", "spelled"])
def test_a_sign_in_that_fails_hashes_one_password_whoever_it_is_for(
    who: str, hashed: list[str]
) -> None:
    name = who.replace(" ", "")
    if who not in ("nobody", "spelled"):
        password = None if who == "without a password" else PASSWORD
        User.objects.create_user(name, password=password, is_active=who != "inactive")
    hashed.clear()

    def fail() -> str:
        with pytest.raises(InvalidCredentials) as refused:
            actions.authenticate_person(name, "wrong")
        return str(refused.value)

    message, statements = statements_of(fail)

    assert message == "No active account has this username and password."
    assert len(hashed) == 1
    assert len(statements) == 1
