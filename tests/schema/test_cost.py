from __future__ import annotations

import re
from cProfile import Profile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from graphql import OperationDefinitionNode, parse, print_ast, separate_operations

from chat import changes
from schema import cost, execution, requests, shape
from schema.conf import limits
from schema.cost import ITEM, LOOKUP, ROW, VALUE
from schema.requests import Request, RequestError
from tests.schema.conftest import Inhabited, context_of
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
    edge = ROW + ITEM + node
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

    hashes = "signIn(" in query or "signUp(" in query
    assert cost_of(query) * (2 if hashes else 5) <= most.operation_cost


def test_introspection_fits_twice() -> None:
    assert cost_of(STANDARD) * 2 <= limits().operation_cost


def test_one_operation_hashes_no_more_than_two_passwords() -> None:
    sign_in = 'signIn(input: {username: "x", password: "y"}) { __typename }'
    two, three = (
        cost_of("mutation {" + " ".join(f"a{n}: {sign_in}" for n in range(many)) + "}")
        for many in (2, 3)
    )

    assert two <= limits().operation_cost < three


PERSON = "id databaseId username firstName lastName"
PREVIEW = f"id roomId title access owner {{ {PERSON} }}"
MESSAGE = f"id databaseId text postedAt sender {{ {PERSON} }} room {{ {PREVIEW} }}"
REQUEST = f"id databaseId status createdAt user {{ {PERSON} }} room {{ {PREVIEW} }}"
NOTHING = "pageInfo { hasNextPage }"
MUCH = 20
"""What is in the one room: as many messages, members and requests."""


def in_rooms(selection: str) -> str:
    return f"{{ viewer {{ rooms(first: 1) {{ nodes {{ {selection} }} }} }} }}"


def repeated(times: int, selection: str) -> str:
    return " ".join(f"a{number}: {selection}" for number in range(times))


HEAVY = {
    **{
        f"{what} {told[:8]}": in_rooms(repeated(20, f"{what}(first: {MUCH}) {{ {told} }}"))
        for what, all_told in (
            ("messages", MESSAGE),
            ("joinRequests", REQUEST),
            ("members", PERSON),
        )
        for told in (NOTHING, "nodes { id }", f"edges {{ cursor node {{ {all_told} }} }}")
    },
    "empty pages": in_rooms(repeated(20, f"messages(first: 0) {{ {NOTHING} }}")),
    "cursors": in_rooms(repeated(50, "eventCursor")),
    "own requests": f"{{ viewer {{ {repeated(20, 'joinRequests(first: 1) { nodes { id } }')} }} }}",
    "previews": f"{{ {repeated(20, f'openRooms(first: 1) {{ nodes {{ {PREVIEW} }} }}')} }}",
    "types": f"{{ {repeated(20, '__schema { types { possibleTypes { fields { name } } } }')} }}",
    "standard introspection": STANDARD,
}
CALLS = 40
"""
Of functions, for each unit of cost. They are counted, since no machine changes that; each takes
0.2 to 0.9 µs (docs/reference/settings.md), so what costs 60,000 takes less than a second.
"""


@pytest.mark.parametrize("query", HEAVY.values(), ids=HEAVY.keys())
def test_what_an_operation_costs_is_what_it_takes(house: Inhabited, query: str) -> None:
    for number in range(MUCH):
        guest = User.objects.create_user(f"guest{number}")
        changes.admit(changes.request_to_join(house.room, user=guest), by=house.alice)
        asking = User.objects.create_user(f"asking{number}")
        changes.request_to_join(house.room, user=asking)
        house.said(f"Message {number}")
    operation, context = requests.prepare(Request(query)), context_of(house.alice)
    assert context.identity

    with Profile(builtins=False) as profile:
        result = execution.run(operation, context)

    assert result.errors is None
    calls = sum(entry.callcount for entry in profile.getstats())
    assert calls <= CALLS * cost_of(query)
