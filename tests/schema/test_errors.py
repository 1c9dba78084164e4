"""Errors that a caller can expect are data: which, for which mutation, and for whom."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from graphql import GraphQLUnionType, build_schema

import accounts.errors
import chat.errors
import realtime.errors
from accounts.models import Session
from chat import changes
from schema import ids
from schema.api import printed
from schema.errors import EXPECTED, ErrorCode, error_of
from tests.schema.conftest import Inhabited, ask, context_of, do

KEPT = build_schema(printed())

Input = Callable[[Inhabited], dict[str, Any]]

ROOM_IDS: dict[str, Input] = {
    "garbage": lambda house: {"roomId": "garbage"},
    "an empty id": lambda house: {"roomId": ""},
    "an id of another type": lambda house: {"roomId": ids.encode("User", house.room.pk)},
    "an id of nothing": lambda house: {"roomId": ids.encode("Room", 999_999)},
    "an id too large for a column": lambda house: {"roomId": ids.encode("Room", 2**63)},
    "an id without its type": lambda house: {"roomId": house.room.pk},
}
REQUEST_IDS: dict[str, Input] = {
    "garbage": lambda house: {"joinRequestId": "garbage"},
    "an id of another type": lambda house: {"joinRequestId": ids.encode("Room", house.asked.pk)},
    "an id of nothing": lambda house: {"joinRequestId": ids.encode("JoinRequest", 999_999)},
    "a huge id": lambda house: {"joinRequestId": 10**30},
}
OF_ROOM: Input = lambda house: {"roomId": house.room_id}  # noqa: E731  # a table of them
OF_REQUEST: Input = lambda house: {"joinRequestId": house.request_id}  # noqa: E731  # as above
BY_CODE: Input = lambda house: {"joinCode": house.room.join_code}  # noqa: E731  # as above


def _asks_again(house: Inhabited) -> dict[str, Any]:
    return {"joinCode": house.room.join_code}


def _after_denial(house: Inhabited) -> dict[str, Any]:
    changes.deny(house.asked, by=house.alice)
    return OF_REQUEST(house)


def _after_deletion(house: Inhabited) -> dict[str, Any]:
    changes.delete_room(house.room)
    return OF_ROOM(house)


def _with_used_name(house: Inhabited) -> dict[str, Any]:
    house.said("Hello", client_mutation_id="1")
    return {"roomId": house.room_id, "text": "Good bye", "clientMutationId": "1"}


def _with(more: dict[str, Any], of: Input = lambda house: {}) -> Input:
    return lambda house: {**of(house), **more}


# Per mutation: who does it, with what, and the error. Alice owns the room, Bob is a member,
# Carol asks to come in, Dave is a stranger.
Case = tuple[str, Input, str]
NO_SUCH_ROOM: list[Case] = [("alice", of, "NotFound") for of in ROOM_IDS.values()]
NO_SUCH_REQUEST: list[Case] = [("alice", of, "NotFound") for of in REQUEST_IDS.values()]
FOR_OWNERS: list[Case] = [
    ("nobody", OF_ROOM, "Unauthenticated"),
    ("bob", OF_ROOM, "Forbidden"),
    ("carol", OF_ROOM, "NotFound"),
    ("dave", OF_ROOM, "NotFound"),
    *NO_SUCH_ROOM,
]
DECISIONS: list[Case] = [
    ("nobody", OF_REQUEST, "Unauthenticated"),
    ("carol", OF_REQUEST, "Forbidden"),
    ("bob", OF_REQUEST, "NotFound"),
    ("dave", OF_REQUEST, "NotFound"),
    *NO_SUCH_REQUEST,
]
BAD_TITLES = ["", "   ", "x" * 51, "x" * 100_000, "a\0b", "a\nb", "\u200b", "\ud800"]
BAD_TEXTS = ["", " \n ", "x" * 2_001, "😀" * 100_000, "a\0b", "\ud800"]
STRONG = "correct horse battery"

CASES: dict[str, list[Case]] = {
    "signUp": [
        ("nobody", _with({"username": name, "password": STRONG}), "InvalidInput")
        for name in ("", "alice", "ALICE", "a b", "x" * 151, "x" * 100_000, "a\0b", "\ud800")
    ]
    + [
        ("nobody", _with({"username": "erin", "password": password}), "InvalidInput")
        for password in ("", "1", "12345678", "password", "x" * 100_000, "correct\0horse", "\udfff")
    ]
    + [
        ("nobody", _with({"username": "erin", "password": STRONG, field: text}), "InvalidInput")
        for field in ("firstName", "lastName")
        for text in ("x" * 151, "😀" * 100_000, "a\0b", "\ud800")
    ],
    "signIn": [
        ("nobody", _with({"username": name, "password": password}), "Unauthenticated")
        for name in ("", "alice", "nobody", "a\0b", "\ud800", "x" * 100_000)
        for password in ("", "wrong", "a\0b", "\ud800", "x" * 100_000)
    ],
    "revokeSession": [
        ("nobody", _with({"sessionId": "1"}), "Unauthenticated"),
        *(
            ("alice", _with({"sessionId": text}), "NotFound")
            for text in ("", "1", 10**30, "a\0b", "\ud800", "x" * 100_000, "0" * 32, "\u0661" * 32)
        ),
    ],
    "createRoom": [
        ("nobody", _with({"title": "Room", "access": "OPEN"}), "Unauthenticated"),
        *(
            ("alice", _with({"title": text, "access": "OPEN"}), "InvalidInput")
            for text in BAD_TITLES
        ),
    ],
    "renameRoom": [
        *((who, _with({"title": "New"}, of), error) for who, of, error in FOR_OWNERS),
        *(("alice", _with({"title": text}, OF_ROOM), "InvalidInput") for text in BAD_TITLES),
    ],
    "rotateJoinCode": FOR_OWNERS,
    "deleteRoom": FOR_OWNERS,
    "joinRoom": [
        ("nobody", _with({}, lambda house: {"roomId": house.lobby_id}), "Unauthenticated"),
        ("dave", OF_ROOM, "NotFound"),
        ("bob", OF_ROOM, "Conflict"),
        ("alice", lambda house: {"roomId": house.lobby_id}, "Conflict"),
        *NO_SUCH_ROOM,
    ],
    "requestToJoin": [
        ("nobody", BY_CODE, "Unauthenticated"),
        ("carol", _asks_again, "Conflict"),
        ("bob", BY_CODE, "Conflict"),
        ("alice", BY_CODE, "Conflict"),
        ("dave", lambda house: {"joinCode": house.lobby.join_code}, "Conflict"),
        *(
            ("dave", _with({"joinCode": code}), "NotFound")
            for code in ("", "unknown", "a\0b", "\ud800", "é", "x" * 100_000)
        ),
    ],
    "withdrawJoinRequest": [
        ("nobody", OF_REQUEST, "Unauthenticated"),
        ("alice", OF_REQUEST, "Forbidden"),
        ("bob", OF_REQUEST, "NotFound"),
        *NO_SUCH_REQUEST,
    ],
    "admitJoinRequest": DECISIONS,
    "denyJoinRequest": DECISIONS,
    "removeMember": [
        *(
            (who, _with({"userId": ids.encode("User", 1)}, of), error)
            for who, of, error in FOR_OWNERS
        ),
        (
            "alice",
            lambda h: {"roomId": h.room_id, "userId": ids.encode("User", h.alice.pk)},
            "Conflict",
        ),
        (
            "alice",
            lambda h: {"roomId": h.room_id, "userId": ids.encode("User", h.carol.pk)},
            "NotFound",
        ),
        ("alice", _with({"userId": "garbage"}, OF_ROOM), "NotFound"),
        ("alice", _with({"userId": ids.encode("User", 2**63)}, OF_ROOM), "NotFound"),
    ],
    "leaveRoom": [
        ("nobody", OF_ROOM, "Unauthenticated"),
        ("alice", OF_ROOM, "Conflict"),
        ("carol", OF_ROOM, "NotFound"),
        ("dave", OF_ROOM, "NotFound"),
        *NO_SUCH_ROOM,
    ],
    "sendMessage": [
        *(
            (who, _with({"text": "Hello"}, of), error)
            for who, of, error in FOR_OWNERS
            if who != "bob"
        ),
        *(("bob", _with({"text": text}, OF_ROOM), "InvalidInput") for text in BAD_TEXTS),
        *(
            ("bob", _with({"text": "Hello", "clientMutationId": name}, OF_ROOM), "InvalidInput")
            for name in ("", "x" * 65, "😀" * 100_000, "a\0b", "\ud800")
        ),
    ],
}
# What changes the house so that nothing can be tried in it afterwards.
OF_A_LOST_ROOM: list[Case] = [
    ("inactive", OF_ROOM, "Unauthenticated"),
    ("alice", _after_deletion, "NotFound"),
]
LAST_CASES: dict[str, list[Case]] = {
    "renameRoom": [(who, _with({"title": "New"}, of), error) for who, of, error in OF_A_LOST_ROOM],
    "rotateJoinCode": OF_A_LOST_ROOM,
    "deleteRoom": OF_A_LOST_ROOM,
    "withdrawJoinRequest": [("carol", _after_denial, "Conflict")],
    "admitJoinRequest": [("alice", _after_denial, "Conflict")],
    "denyJoinRequest": [("alice", _after_denial, "Conflict")],
    "sendMessage": [
        ("alice", _with_used_name, "Conflict"),
        *((who, _with({"text": "Hello"}, of), error) for who, of, error in OF_A_LOST_ROOM),
    ],
}
TRIED = {mutation: [*cases, *LAST_CASES.get(mutation, [])] for mutation, cases in CASES.items()}


def _person(house: Inhabited, name: str) -> User | None:
    if name == "nobody":
        return None
    if name == "inactive":
        User.objects.filter(pk=house.bob.pk).update(is_active=False)
        return house.bob
    person: User = getattr(house, name)
    return person


@pytest.mark.parametrize("mutation", CASES)
def test_whatever_is_wrong_is_told_as_data(house: Inhabited, mutation: str) -> None:
    """The cases of one mutation share a house, so what was refused has not happened either."""
    found = []
    for who, make_input, _ in TRIED[mutation]:
        outcome = do(mutation, by=_person(house, who), **make_input(house))
        assert outcome["message"]
        assert outcome["code"] in ErrorCode.__members__
        found.append(outcome["__typename"])

    assert found == [error for _, _, error in TRIED[mutation]]


def test_signing_out_is_only_for_who_is_signed_in(house: Inhabited) -> None:
    query = "mutation { signOut { __typename ... on Error { code message } } }"

    assert ask(query, by=None)["data"]["signOut"]["__typename"] == "Unauthenticated"
    assert ask(query, by=house.bob)["data"]["signOut"]["__typename"] == "SignOutSuccess"


@pytest.mark.parametrize("mutation", CASES)
def test_the_errors_of_a_result_are_just_those_that_the_mutation_can_have(mutation: str) -> None:
    """RateLimited apart, for which there is a place and no limiter yet."""
    union = KEPT.type_map[f"{mutation[0].upper()}{mutation[1:]}Result"]
    assert isinstance(union, GraphQLUnionType)
    declared = {each.name for each in union.types[1:]} - {"RateLimited"}

    assert declared == {error for _, _, error in TRIED[mutation]}


def test_every_mutation_is_tried() -> None:
    assert KEPT.mutation_type is not None
    assert {*CASES, "signOut"} == set(KEPT.mutation_type.fields)


def test_a_session_of_somebody_else_is_not_found(house: Inhabited) -> None:
    _ = context_of(house.alice)
    hers = str(Session.objects.get(user=house.alice).public_id)

    outcome = do("revokeSession", by=house.bob, sessionId=hers)

    assert outcome["__typename"] == "NotFound"
    assert Session.objects.filter(user=house.alice).exists()


@pytest.mark.parametrize(
    ("mutation", "sent", "field"),
    [
        ("signUp", {"username": "a b", "password": STRONG}, "username"),
        ("signUp", {"username": "erin", "password": "1"}, "password"),
        ("signUp", {"username": "erin", "password": STRONG, "firstName": "\0"}, "firstName"),
        ("signUp", {"username": "erin", "password": STRONG, "lastName": "x" * 151}, "lastName"),
        ("createRoom", {"title": "", "access": "OPEN"}, "title"),
        ("sendMessage", {"roomId": "", "text": ""}, "text"),
        ("sendMessage", {"roomId": "", "text": "x", "clientMutationId": ""}, "clientMutationId"),
    ],
)
def test_invalid_input_names_the_field(
    house: Inhabited, mutation: str, sent: dict[str, str], field: str
) -> None:
    assert do(mutation, by=house.bob, **sent)["field"] == field


@pytest.mark.parametrize("title", ["", "x" * 100_000])
def test_nobody_learns_anything_before_signing_in(house: Inhabited, title: str) -> None:
    """Either error is right for bad input of nobody; that a room exists is in neither."""
    outcomes = [
        do("renameRoom", by=None, roomId=room_id, title=title)
        for room_id in (house.room_id, ids.encode("Room", 999_999))
    ]

    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("mutation", ["renameRoom", "deleteRoom", "sendMessage", "joinRoom"])
def test_a_hidden_room_and_none_are_told_in_the_same_words(house: Inhabited, mutation: str) -> None:
    """G5: what one may not see is not found."""
    more = {"renameRoom": {"title": "New"}, "sendMessage": {"text": "Hello"}}.get(mutation, {})

    hidden = do(mutation, by=house.dave, roomId=house.room_id, **more)
    missing = do(mutation, by=house.dave, roomId=ids.encode("Room", 999_999), **more)

    assert hidden == missing


def _leaves(parent: type[Exception]) -> list[type[Exception]]:
    return [parent, *(leaf for child in parent.__subclasses__() for leaf in _leaves(child))]


def _made(error: type[Exception]) -> Exception:
    count = (
        len(inspect.signature(error).parameters) if error.__init__ is not Exception.__init__ else 0
    )
    return error(*["text"] * count)


EXPECTED_ERRORS = [
    leaf
    for parent in EXPECTED
    for leaf in _leaves(parent)
    if leaf not in (chat.errors.ChatError, accounts.errors.AccountsError)
]


@pytest.mark.parametrize(
    "error", EXPECTED_ERRORS, ids=lambda each: f"{each.__module__}.{each.__name__}"
)
def test_every_domain_error_is_one_of_the_api_and_says_its_sentence(error: type[Exception]) -> None:
    raised = _made(error)

    told = error_of(raised)

    assert told.message == str(raised)
    assert told.code.value in ErrorCode.__members__


def test_what_is_no_domain_error_is_not_made_one() -> None:
    with pytest.raises(ZeroDivisionError):
        error_of(ZeroDivisionError())
    with pytest.raises(realtime.errors.TransactionRequired):
        error_of(realtime.errors.TransactionRequired())
