"""Requests, responses, and what is said when something goes wrong."""

from __future__ import annotations

import logging
from contextlib import suppress
from time import process_time
from typing import Any

import django.db
import pytest
from django.contrib.auth.models import User
from graphql import OperationType

from schema import execution, views
from schema.conf import limits
from schema.requests import Request, RequestError, prepare
from tests.schema.conftest import Inhabited, ask, context_of


def _refusal(query: str, name: str | None = None, **variables: Any) -> RequestError:
    with pytest.raises(RequestError) as refused:
        prepare(Request(query, variables, name))
    assert all(error["message"] for error in refused.value.errors)
    return refused.value


def _code(query: str, name: str | None = None, **variables: Any) -> object:
    codes = {error["extensions"]["code"] for error in _refusal(query, name, **variables).errors}
    assert len(codes) == 1
    return codes.pop()


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            " ",
            "#",
            "{",
            "}",
            "{}",
            "{ viewer { } }",
            "query",
            "query Q",
            "\ufeff",
            "\0",
            "\ud800",
        ),
        *('{ node(id: "\\ud800") { id } }', "{ a(b: ) }", "{ ...}", '{ a(b: "', "null", "[]", "42"),
        *(
            "{" * 1_000,
            "[" * 1_000,
            "{a" * 900,
            "{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }",
        ),
    ],
    ids=lambda query: ascii(query[:20]),
)
def test_what_is_no_document_is_a_syntax_error(query: str) -> None:
    assert _code(query) == "GRAPHQL_PARSE_FAILED"


@pytest.mark.parametrize(
    "query",
    [
        *("{ nothing }", "{ viewer }", "{ viewer { user } }", "{ __typename { a } }"),
        *("{ room { id } }", "{ room(id: {}) { id } }", "{ room(id: 1.5) { id } }"),
        *("query ($x: Nothing) { __typename }", "query ($x: Int) { __typename }"),
        *("{ ...F }", "{ ...F } fragment F on Query { ...F }", "{ ... on Nothing { a } }"),
        *("{ __typename } { __typename }", "query A { __typename } query A { __typename }"),
        *("{ openRooms(first: 99999999999) { nodes { id } } }", "mutation { nothing }"),
        *("{ openRooms(first: " + "9" * 5_000 + ") { nodes { id } } }", "type A { b: Int }"),
        'subscription { roomEvents(roomId: "") { __typename } userEvents { __typename } }',
        "subscription { __typename }",
        "{ __typename @nothing }",
    ],
    ids=lambda query: query[:40],
)
def test_what_does_not_fit_the_schema_is_a_validation_error(query: str) -> None:
    assert _code(query) == "GRAPHQL_VALIDATION_FAILED"


VARIABLE = "query ($x: ID!, $n: Int) { room(id: $x) { id } openRooms(first: $n) { nodes { id } } }"


@pytest.mark.parametrize(
    "variables",
    [
        *({}, {"x": None}, {"x": 1.5}, {"x": []}, {"x": {}}, {"x": True}, {"y": "7"}),
        *({"x": "7", "n": "1"}, {"x": "7", "n": 2**31}, {"x": "7", "n": 1.5}, {"x": "7", "n": [1]}),
    ],
    ids=str,
)
def test_a_variable_of_the_wrong_type_is_bad_input(variables: dict[str, Any]) -> None:
    assert _code(VARIABLE, **variables) == "BAD_USER_INPUT"


def test_variables_that_are_not_asked_for_are_ignored() -> None:
    assert prepare(Request("{ __typename }", {"x": object()})).kind is OperationType.QUERY


@pytest.mark.parametrize("name", ["C", "", "a", " A", "A\0", "\ud800"], ids=ascii)
def test_an_operation_that_is_not_there_is_refused(name: str) -> None:
    assert _code("query A { __typename } query B { __typename }", name) == (
        "OPERATION_RESOLUTION_FAILURE"
    )


def test_one_of_several_operations_has_to_be_named() -> None:
    two = "query A { __typename } mutation B { signOut { __typename } }"

    assert _code(two) == "OPERATION_RESOLUTION_FAILURE"
    assert _code("fragment F on Query { __typename }") == "GRAPHQL_VALIDATION_FAILED"
    assert prepare(Request(two, operation_name="A")).kind is OperationType.QUERY
    assert prepare(Request(two, operation_name="B")).kind is OperationType.MUTATION


def test_the_tokens_of_a_document_are_limited(limited: Any) -> None:
    limited(operation_tokens=4)

    assert prepare(
        Request("{ viewer { __typename } }".replace("viewer { __typename }", "__typename"))
    )
    assert _code("{ a: __typename b: __typename }") == "GRAPHQL_PARSE_FAILED"


def test_a_document_of_as_many_tokens_as_allowed_is_judged_within_seconds() -> None:
    """Of the shapes that are dear to validate, none is exponential."""
    spread = " ".join(f"...F{number}" for number in range(80))
    chained = (
        f"fragment F{number} on Viewer {{ user {{ id }} ...F{number + 1} ...F{number + 1} }}"
        for number in range(90)
    )
    documents = [
        "{" + "viewer{user{id}}" * 280 + "}",
        "{ viewer {"
        + spread
        + "} }"
        + "".join(f"fragment F{number} on Viewer{{user{{id}}user{{id}}}}" for number in range(80)),
        "{ viewer { ...F0 } }" + " ".join(chained) + "fragment F90 on Viewer { user { id } }",
        "query(" + " ".join(f"$v{number}: Int" for number in range(480)) + ") { __typename }",
    ]

    for document in documents:
        begun = process_time()
        with suppress(RequestError):
            prepare(Request(document))
        assert process_time() - begun < 5


def test_a_wrong_document_is_wrong_each_time_and_a_right_one_stays_right() -> None:
    """Documents are remembered, and so are none of their problems."""
    for _ in range(2):
        assert _code("{ nothing }") == "GRAPHQL_VALIDATION_FAILED"
        assert prepare(Request("{ __typename }"))
        assert prepare(Request("{ __typename }" + " " * 20_000))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the viewer's cursor fail with an error."""

    def fail_with(error: Exception) -> None:
        def fail(_: object) -> None:
            raise error

        monkeypatch.setattr(views, "_cursor_now", fail)

    return fail_with


FAILING = "{ viewer { eventCursor } other: viewer { user { username } } }"


def test_what_nobody_expected_is_masked_and_logged_once(
    house: Inhabited, failing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    failing(RuntimeError("the password is swordfish"))

    answer = ask(FAILING, by=house.alice)

    assert answer["data"] == {"viewer": None, "other": {"user": {"username": "alice"}}}
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "INTERNAL_SERVER_ERROR"}
    assert error["path"] == ["viewer", "eventCursor"]
    assert error["locations"]
    assert "swordfish" not in str(answer)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert "swordfish" in str(record.exc_info[1])


def test_a_database_that_does_not_answer_is_unavailable(
    house: Inhabited, failing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    failing(django.db.OperationalError("connection to 10.0.0.7 refused"))

    (error,) = ask(FAILING, by=house.alice)["errors"]

    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "10.0.0.7" not in error["message"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "query", ["{ viewer { user { id } } }", "mutation { signOut { __typename } }"]
)
def test_a_database_that_fails_before_the_first_field_is_unavailable_too(
    house: Inhabited, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    context = context_of(house.alice)

    def fail() -> None:
        raise django.db.OperationalError("unable to open database file")

    monkeypatch.setattr(context, "_identify", fail)
    answer = execution.formatted(execution.run(prepare(Request(query)), context))

    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}


def test_an_error_in_one_mutation_leaves_the_others_done(
    house: Inhabited, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GraphQL, 6.2.2: they run one after the other."""
    monkeypatch.setattr("chat.actions.rename_room", lambda **_: 1 // 0)
    answer = ask(
        "mutation ($room: ID!) {"
        ' a: sendMessage(input: {roomId: $room, text: "One"}) { __typename }'
        ' b: createRoom(input: {title: "", access: OPEN}) { __typename }'
        ' c: sendMessage(input: {roomId: $room, text: "Two"}) { __typename }'
        ' d: renameRoom(input: {roomId: $room, title: "x"}) { __typename } }',
        by=house.alice,
        room=house.room_id,
    )

    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["path"] == ["d"]
    assert list(house.room.messages.in_order().values_list("text", flat=True)) == ["One", "Two"]


def test_a_query_writes_nothing(house: Inhabited, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snapshot is read-only, whatever a resolver tries; the next operation may write."""

    def write(_: object) -> None:
        User.objects.filter(pk=house.bob.pk).update(first_name="Robert")

    monkeypatch.setattr(views, "_cursor_now", write)
    answer = ask("{ viewer { eventCursor } }", by=house.alice)

    # What each database calls it: SQLite an OperationalError, PostgreSQL an InternalError.
    masked = {"UNAVAILABLE", "INTERNAL_SERVER_ERROR"}
    assert answer["errors"][0]["extensions"]["code"] in masked
    assert User.objects.get(pk=house.bob.pk).first_name == "Bob"
    User.objects.filter(pk=house.bob.pk).update(first_name="Robert")


def test_introspection_answers(house: Inhabited) -> None:
    answer = ask("{ __schema { types { name } } }", by=None)

    assert "Room" in {each["name"] for each in answer["data"]["__schema"]["types"]}


def test_an_unknown_limit_is_named(limited: Any) -> None:
    limited(operation_toknes=1)

    with pytest.raises(django.core.exceptions.ImproperlyConfigured, match="operation_toknes"):
        limits()


TWO_IN_A_FRAGMENT = (
    "fragment Two on Mutation { a: signOut { __typename } b: signOut { __typename } }"
)
CHANGES = "a: signOut { __typename } b: signOut { __typename }"


@pytest.mark.parametrize(
    "query",
    [
        f"mutation {{ {CHANGES} c: signOut {{ __typename }} }}",
        f"mutation {{ ...Two ... {{ c: signOut {{ __typename }} }} }} {TWO_IN_A_FRAGMENT}",
    ],
    ids=["plain", "in fragments"],
)
def test_a_mutation_of_too_many_changes_is_refused(query: str, limited: Any) -> None:
    limited(operation_changes=2)

    with pytest.raises(RequestError, match="Changes: at most 2"):
        prepare(Request(query))


def test_a_mutation_may_have_as_many_changes_as_the_limit_says(limited: Any) -> None:
    limited(operation_changes=2)

    assert prepare(Request(f"mutation {{ {CHANGES} }}"))


def test_variables_that_nobody_declared_are_not_kept() -> None:
    operation = prepare(Request("query ($id: ID!) { node(id: $id) { id } }", {"id": "1", "x": []}))

    assert operation.request.variables == {"id": "1"}
