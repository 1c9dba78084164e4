from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, print_ast, separate_operations

from schema import cost, requests, shape
from schema.conf import limits
from schema.cost import ITEM, LOOKUP, VALUE
from schema.requests import Request, RequestError
from tests.schema.test_shape import STANDARD

ROOT = Path(__file__).parent.parent.parent


def cost_of(query: str, **variables: Any) -> int:
    document = parse(query)
    [definition] = (
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    )
    return cost.of(definition, shape.fragments_of(document), variables)


def of_rooms(size: int) -> int:
    """What ``viewer { rooms { edges { node { id } } } }`` costs with so many."""
    node = VALUE + VALUE
    edge = ITEM + node
    rooms = LOOKUP + VALUE + size * edge
    return LOOKUP + rooms


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("", 50),
        ("(first: 7)", 7),
        ("(first: 0)", 0),
        ("(first: 1000)", 100),
        ("(first: -3)", 0),
        ("(first: null)", 50),
        ("(first: $size)", 30),
        ("(first: $none)", 50),
        ("(first: $missing)", 50),
    ],
)
def test_what_is_in_a_page_costs_as_often_as_the_page_has_room_for(
    arguments: str, size: int
) -> None:
    query = f"{{ viewer {{ rooms{arguments} {{ edges {{ node {{ id }} }} }} }} }}"

    assert cost_of(query, size=30, none=None) == of_rooms(size)


def test_pages_within_pages_multiply() -> None:
    small, large = (
        cost_of(f"{{ viewer {{ rooms(first: {n}) {{ nodes {{ messages(last: {n}) {{"
                " nodes { id } } } } } }")
        for n in (10, 100)
    )  # fmt: skip

    assert 20 * small < large < 100 * small


def test_a_fragment_costs_what_it_would_in_its_place() -> None:
    plain = "{ viewer { rooms(first: 9) { edges { node { id title } } pageInfo { endCursor } } } }"
    spread = """{ ...V } fragment V on Query { viewer { rooms(first: 9) { ...R } } }
        fragment R on RoomConnection { ...E pageInfo { endCursor } }
        fragment E on RoomConnection { edges { ... { node { ...N title } } } }
        fragment N on Room { id }"""

    assert cost_of(plain) == cost_of(spread)


@pytest.mark.parametrize("most", [of_rooms(7), of_rooms(7) - 1])
def test_an_operation_is_refused_one_beyond_the_limit(most: int, limited: Any) -> None:
    limited(operation_cost=most)
    query = "query ($n: Int = 7) { viewer { rooms(first: $n) { edges { node { id } } } } }"

    if most == of_rooms(7):
        assert requests.prepare(Request(query))
        return
    with pytest.raises(RequestError) as refused:
        requests.prepare(Request(query))

    [error] = refused.value.errors
    assert error["extensions"]["code"] == "OPERATION_TOO_COMPLEX"
    assert f"at most {most:,} may be asked for (GRAPHQL['operation_cost'])" in error["message"]
    assert requests.prepare(Request(query, {"n": 6}))


def test_a_known_document_is_weighed_with_each_request_s_variables(limited: Any) -> None:
    limited(operation_cost=of_rooms(10))
    query = "query ($n: Int) { viewer { rooms(first: $n) { edges { node { id } } } } } # known"
    assert requests.recall(Request(query, {"n": 1})) is None
    requests.prepare(Request(query, {"n": 1}))

    assert requests.recall(Request(query, {"n": 10})) is not None
    with pytest.raises(RequestError):
        requests.recall(Request(query, {"n": 11}))


def operations_of_the_pages() -> dict[str, str]:
    """The operations in ``operations.js``, its templates filled in."""
    source = (ROOT / "frontend_examples/plain/operations.js").read_text()
    texts: dict[str, str] = {}
    for name, text in re.findall(r"const (\w+) =\s+[`'](.*?)[`'];", source, re.DOTALL):
        texts[name] = re.sub(r"\$\{(\w+)\}", lambda match: texts[match[1]], text)
    return {name: text for name, text in texts.items() if re.match(r"query|mutation|subscr", text)}


PAGES = operations_of_the_pages()
APOLLO = """query Rooms {
  viewer { __typename user { ...Person } eventCursor
    rooms(first: 50) { __typename pageInfo { __typename hasNextPage endCursor }
      edges { __typename cursor node { __typename ...RoomParts
        messages(last: 1) { __typename edges { __typename node { __typename ...Parts } } } } } } } }
fragment Person on User { __typename id username firstName lastName }
fragment RoomParts on Room { __typename id title access viewerRole owner { ...Person } }
fragment Parts on Message { __typename id text postedAt sender { ...Person } }"""


def operations_of_the_app() -> dict[str, str]:
    """The operations of the Apollo client, each with the fragments that it spreads."""
    files = (ROOT / "frontend_examples/apollo/src").rglob("*.graphql")
    document = parse("\n".join(path.read_text() for path in sorted(files)))
    return {f"app {name}": print_ast(each) for name, each in separate_operations(document).items()}


APP = operations_of_the_app()
CLIENTS = {**PAGES, **APP, "first screen": APOLLO}


def test_the_clients_have_operations() -> None:
    assert len(PAGES) > 15
    assert len(APP) > 15


@pytest.mark.parametrize("query", CLIENTS.values(), ids=CLIENTS.keys())
def test_what_clients_ask_for_is_a_fifth_of_every_limit_at_most(query: str, limited: Any) -> None:
    most = limits()

    limited(
        operation_tokens=most.operation_tokens // 5,
        operation_depth=most.operation_depth // 5,
        operation_fields=most.operation_fields // 5,
        operation_aliases=most.operation_aliases // 5,
        operation_roots=most.operation_roots // 5,
        operation_repeats=most.operation_repeats // 5,
    )
    requests._errors_in(parse(query))

    assert cost_of(query) * 5 <= most.operation_cost


def test_introspection_fits_twice() -> None:
    assert cost_of(STANDARD) * 2 <= limits().operation_cost
