from __future__ import annotations

from collections.abc import Callable
from time import thread_time
from typing import Any

import pytest
from graphql import get_introspection_query, parse

from schema import requests
from schema.requests import Request, RequestError

STANDARD = get_introspection_query(
    descriptions=True,
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
)


def refusal(query: str, **variables: Any) -> tuple[str, str] | None:
    """The code and message that a request is refused with, if it is."""
    try:
        requests.prepare(Request(query, variables))
    except RequestError as error:
        return error.errors[0]["extensions"]["code"], error.errors[0]["message"]
    return None


def effort(query: str) -> float:
    """What judging ``query`` takes of the processor, in what parsing alone takes of it."""
    return _least(refusal, query) / _least(parse, query)


def _least(work: Callable[[str], object], query: str) -> float:
    """The shortest of a few times, each for a text that no cache knows."""
    times = []
    for turn in range(7):
        text = f"{query} # {turn}"
        started = thread_time()
        work(text)
        times.append(thread_time() - started)
    return min(times)


def bomb(fragments: int) -> str:
    """As many fragments, each spread twice in the one before."""
    links = (f"fragment F{i} on User {{ ...F{i + 1} ...F{i + 1} }}" for i in range(fragments))
    end = f"fragment F{fragments} on User {{ id }}"
    return f"{{ viewer {{ user {{ ...F0 }} }} }} {' '.join(links)} {end}"


F = "fragment F on Viewer { user { id } }"
G = "fragment G on Query { b: __typename }"
EDGES = [
    ("operation_depth", 3, "{ viewer { user { id } } }", "{ viewer { ... { user { id } } } }"),
    (
        "operation_depth",
        4,
        f"{{ viewer {{ ...F }} }} {F}",
        f"{{ ... {{ viewer {{ ...F }} }} }} {F}",
    ),
    ("operation_fields", 3, f"{{ viewer {{ ...F }} }} {F}", f"{{ viewer {{ ...F ...F }} }} {F}"),
    ("operation_aliases", 1, "{ a: __typename }", "{ a: __typename b: __typename }"),
    ("operation_aliases", 1, f"{{ ...G }} {G}", f"{{ ...G ... {{ ...G }} }} {G}"),
    ("operation_roots", 1, "{ __typename }", f"{{ __typename ...G }} {G}"),
    ("operation_repeats", 2, "{ viewer { user { id id } } }", "{ viewer { user { id id id } } }"),
    (
        "operation_repeats",
        2,
        f"{{ viewer {{ ...F user {{ username }} }} }} {F}",
        f"{{ viewer {{ ...F }} ... {{ viewer {{ ...F ... {{ ...F }} }} }} }} {F}",
    ),
]


@pytest.mark.parametrize(("name", "most", "fits", "exceeds"), EDGES)
def test_a_document_is_refused_one_step_beyond_its_limit(
    name: str, most: int, fits: str, exceeds: str, limited: Any
) -> None:
    limited(**{name: most})

    assert refusal(f"{fits} # {name}") is None
    code, message = refusal(f"{exceeds} # {name}") or ("", "")
    assert code == "OPERATION_TOO_COMPLEX"
    assert f"at most {most} may be asked for (GRAPHQL['{name}'])" in message


@pytest.mark.parametrize("fragments", [18, 22])
def test_a_fragment_bomb_is_refused_for_a_few_times_what_it_takes_to_parse(fragments: int) -> None:
    """2 ms; who follows each spread again and again needs a thousand times as much."""
    code, message = refusal(bomb(fragments)) or ("", "")

    assert code == "OPERATION_TOO_COMPLEX"
    assert "operation_fields" in message
    assert effort(bomb(fragments)) < 10


HOSTILE = {
    "one field again and again": "{ viewer { user {" + " id" * 1_900 + " } } }",
    "one object again and again": "{ viewer {" + " user { id }" * 450 + " } }",
    "pairs of pairs": "{" + (" viewer {" + " user { id }" * 20 + " }") * 20 + " }",
    "a hundred fragments in one place": "{ viewer {"
    + "".join(f" ...F{i}" for i in range(170))
    + " } }"
    + "".join(f" fragment F{i} on Viewer {{ user {{ id }} }}" for i in range(170)),
    "a chain of fragments": bomb(140).replace("...F0", "... { ...F0 }"),
    "fragments that no operation uses": "{ __typename }"
    + "".join(f" fragment F{i} on Viewer {{ user {{ id }} }}" for i in range(200)),
    "fragments in a circle": "{ ...F0 }"
    + "".join(
        f" fragment F{i} on Query {{ ...F{(i + 1) % 60} ...F{(i + 7) % 60} ...F{(i + 31) % 60} }}"
        for i in range(60)
    ),
    "many operations": "".join(f" query Q{i} {{ ...F }}" for i in range(200))
    + " fragment F on Query {"
    + "".join(f" room(id: $v{i}) {{ id }}" for i in range(60))
    + " }",
    "unknown names": "{ viewer {" + "".join(f" evntCursor{i}" for i in range(1_900)) + " } }",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_document_takes_long_to_be_refused(query: str) -> None:
    assert refusal(query) is not None
    assert effort(query) < 10


def test_the_most_repetitive_document_that_is_admitted_does_not_take_long_to_be_judged() -> None:
    """15 ms."""
    rooms = "rooms(first: 1) { nodes { messages(first: 1) { nodes { id text } } } } "
    query = "{ viewer { " + rooms * 20 + "} }"

    assert refusal(query) is None
    assert effort(query) < 50


def test_what_makes_unfolding_endless_is_told_as_what_it_is() -> None:
    circle = "{ ...F } fragment F on Query { viewer { eventCursor } ...F }"
    code, message = refusal(circle) or ("", "")

    assert code == "GRAPHQL_VALIDATION_FAILED"
    assert message == "Cannot spread fragment 'F' within itself."


def test_the_introspection_of_every_tool_passes() -> None:
    assert refusal(STANDARD) is None


def test_introspection_that_goes_in_circles_is_refused() -> None:
    circle = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

    assert refusal(circle) == ("GRAPHQL_VALIDATION_FAILED", "Maximum introspection depth exceeded")


def test_introspection_can_be_switched_off_with_all_that_would_tell_names(limited: Any) -> None:
    limited(introspection=False)

    code, message = refusal("{ __schema { queryType { name } } } #") or ("", "")
    assert code == "GRAPHQL_VALIDATION_FAILED"
    assert "introspection" in message.lower()
    assert refusal("{ __typename viewer { __typename } } #") is None
    for query in ("{ viewr { user } } #", "{ viewer { usr } } #", "{ room(ID: 1) { id } } #"):
        assert "Did you mean" not in str(refusal(query))


def test_suggestions_in_variables_are_off_with_introspection(limited: Any) -> None:
    query = """query ($status: JoinRequestStatus) {
        viewer { joinRequests(status: $status) { nodes { id } } } }"""
    assert "Did you mean" in str(refusal(query, status="DENID"))

    limited(introspection=False)

    assert "Did you mean" not in str(refusal(query, status="DENID"))


def test_only_so_many_errors_of_a_document_are_told() -> None:
    query = "{ viewer { " + " ".join(f"x{i}" for i in range(100)) + " } }"

    with pytest.raises(RequestError) as refused:
        requests.prepare(Request(query))

    assert len(refused.value.errors) == 21
