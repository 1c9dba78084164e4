"""The authorisation matrix, asked cell by cell: queries and mutations."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts import sightings
from chat.models import Room
from schema.api import core
from tests.hostile import page
from tests.hostile.houses import PASSWORD, House, People, session_id, user_id
from tests.hostile.matrix import DATA, MUTATIONS, NULL, QUERIES, ROWS, Row
from tests.schema.conftest import ask, do

_names = count()

Caller = User | None

ASKED: dict[str, str] = {
    "Query.roomPreview": "roomPreview(joinCode: $code) { title }",
    "Query.openRooms": "openRooms { nodes { title } }",
    "Query.node": "node(id: $id) { id }",
    "Query.roomEvents": "roomEvents(roomId: $room, after: $after) { cursor }",
    "Query.userEvents": "userEvents(after: $after) { cursor }",
}
DECLARED = {"$code": "String!", "$id": "ID!", "$room": "ID!", "$after": "Cursor!"}
NESTED = {"members", "messages", "joinRequests", "rooms"}

VARIABLES: dict[str, Callable[[House, Caller], dict[str, str]]] = {
    "Query.roomPreview by the room's join code": lambda house, _: {"code": house.join_code},
    "Query.roomPreview by a code that leads nowhere": lambda *_: {"code": "x" * 22},
    "Query.node of the room": lambda house, _: {"id": house.room_id},
    "Query.node of a message in it": lambda house, _: {"id": house.message_id},
    "Query.node of the request to join": lambda house, _: {"id": house.request_id},
    "Query.node of the owner": lambda house, _: {"id": user_id(house.people.owner)},
    "Query.node of the requester": lambda house, _: {"id": user_id(house.people.requester)},
    "Query.roomEvents after a member's cursor": lambda house, _: {
        "room": house.room_id,
        "after": house.members_cursor,
    },
    "Query.roomEvents after the owner's cursor": lambda house, _: {
        "room": house.room_id,
        "after": house.owners_cursor,
    },
    "Query.userEvents after one's own cursor": lambda house, by: {"after": house.cursor_of(by)},
    "Query.userEvents after the owner's cursor": lambda house, _: {
        "after": house.cursor_of(house.people.owner)
    },
}

INPUTS: dict[str, Callable[[House, Caller], dict[str, Any]]] = {
    "Mutation.signUp": lambda *_: {"username": f"new{next(_names)}", "password": PASSWORD},
    "Mutation.signIn with one's own password": lambda house, by: {
        "username": (by or house.people.owner).username,
        "password": PASSWORD,
    },
    "Mutation.signIn with a wrong password": lambda house, by: {
        "username": (by or house.people.owner).username,
        "password": PASSWORD[::-1],
    },
    "Mutation.revokeSession one's own": lambda house, by: {
        "sessionId": session_id(by or house.people.owner)
    },
    "Mutation.revokeSession another's": lambda house, by: {
        "sessionId": session_id(
            house.people.member if by == house.people.owner else house.people.owner
        )
    },
    "Mutation.createRoom": lambda *_: {"title": "New", "access": "OPEN"},
    "Mutation.renameRoom": lambda house, _: {"roomId": house.room_id, "title": "New"},
    "Mutation.requestToJoin by request": lambda house, _: {"joinCode": house.join_code},
    "Mutation.requestToJoin open": lambda house, _: {"joinCode": house.join_code},
    "Mutation.withdrawJoinRequest": lambda house, _: {"joinRequestId": house.request_id},
    "Mutation.admitJoinRequest": lambda house, _: {"joinRequestId": house.request_id},
    "Mutation.denyJoinRequest": lambda house, _: {"joinRequestId": house.request_id},
    "Mutation.removeMember a member": lambda house, _: {
        "roomId": house.room_id,
        "userId": user_id(house.people.member),
    },
    "Mutation.removeMember the owner": lambda house, _: {
        "roomId": house.room_id,
        "userId": user_id(house.people.owner),
    },
    "Mutation.sendMessage": lambda house, _: {"roomId": house.room_id, "text": "Hello"},
}


def _the_room(house: House, _: Caller) -> dict[str, Any]:
    return {"roomId": house.room_id}


@pytest.fixture
def people(transactional_db: None, settings: Any) -> People:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    sightings.forget()
    return People.arrive()


def test_every_field_that_can_be_asked_for_has_its_row() -> None:
    fields = {
        f"{name}.{field}"
        for name in ("Query", "Mutation", "Subscription", "Viewer", "Room")
        for field in core.type_map[name].fields
    }

    assert {row.field for row in ROWS if row.field[0] != "/"} == fields


def test_no_two_rows_are_of_one_case() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)


def test_the_page_of_the_reference_is_the_table() -> None:
    """Print it with ``python -m tests.hostile.page``."""
    assert page.PATH.read_text() == page.text()


def test_queries_give_everyone_what_the_table_says(people: People) -> None:
    house = House.founded(people)

    wrong = {
        (str(row), standing): (said, expected)
        for row in QUERIES
        for standing, expected in row.cells._asdict().items()
        if (said := _said(row, house, people.by_standing[standing])) != expected
    }

    assert not wrong


@pytest.mark.parametrize("row", MUTATIONS, ids=str)
def test_mutations_do_for_everyone_what_the_table_says(people: People, row: Row) -> None:
    """In a new room wherever the one before has been changed."""
    access = Room.Access.OPEN if row.case == "open" else Room.Access.BY_REQUEST
    house = House.founded(people, access)
    said = {}

    for standing, person in people.by_standing.items():
        said[standing] = _done(row, house, person)
        if said[standing] == DATA:
            house = House.founded(people, access)

    assert said == row.cells._asdict()


def _said(row: Row, house: House, by: Caller) -> str:
    typename, _, field = row.field.partition(".")
    selection = ASKED.get(row.field) or f"{field} {{ __typename }}"
    if typename in {"Room", "Viewer"} or field == "room":
        selection = _within(typename, field)
    variables = VARIABLES.get(str(row), lambda house, _: {"room": house.room_id})(house, by)
    used = {name: variables[name[1:]] for name in DECLARED if name in selection}
    declared = ", ".join(f"{name}: {DECLARED[name]}" for name in used)
    query = f"query ({declared}) {{ {selection} }}" if used else f"{{ {selection} }}"
    answer = ask(query, by=by, **{name[1:]: value for name, value in used.items()})
    return _outcome(answer, [*_PARENTS.get(typename, []), field])


_PARENTS = {"Room": ["room"], "Viewer": ["viewer"]}


def _within(typename: str, field: str) -> str:
    composite = {"user", "owner", "sessions"} | NESTED
    inner = f"{field} {{ __typename }}" if field in composite else field
    if typename == "Viewer":
        return f"viewer {{ {inner} }}"
    if typename == "Room":
        return f"room(id: $room) {{ {inner} }}"
    return "room(id: $room) { __typename }"


def _outcome(answer: dict[str, Any], path: list[str]) -> str:
    if "errors" in answer:
        assert all(answer["data"] is None or answer["data"].get(each) is None for each in path[:1])
        return str(answer["errors"][0]["extensions"]["code"])
    value = answer["data"]
    for name in path:
        value = None if value is None else value[name]
    return NULL if value is None else DATA


def _done(row: Row, house: House, by: Caller) -> str:
    mutation = row.field.partition(".")[2]
    if mutation == "signOut":
        answer = ask("mutation { signOut { __typename ... on Error { code } } }", by=by)
        outcome = answer["data"]["signOut"]
    else:
        outcome = do(mutation, by=by, **INPUTS.get(str(row), _the_room)(house, by))
    return str(outcome.get("code", DATA))
