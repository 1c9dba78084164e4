"""GraphQL over HTTP, from outside: what is answered, how, and to whom."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import httpx
import pytest

from schema import ids
from schema.negotiation import EVENT_STREAM, GRAPHQL_RESPONSE, JSON
from tests.clients import DEADLINE, TLS, Person, ask, sign_up
from tests.schema.conftest import create_room, post
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

TYPENAME = {"query": "{ __typename }"}
STRONG = "correct horse battery"


async def get(
    server: Server, headers: dict[str, str] | None = None, **parameters: str
) -> httpx.Response:
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        return await client.get(f"{server.http}/graphql", params=parameters, headers=headers)


async def test_a_query_is_answered_by_get_and_by_post(server: Server) -> None:
    expected = {"data": {"__typename": "Query"}}

    assert (await get(server, query="{ __typename }")).json() == expected
    assert (await post(server, TYPENAME)).json() == expected


async def test_get_takes_variables_and_an_operation_name(server: Server) -> None:
    query = "query A($id: ID!) { node(id: $id) { id } } query B { b: __typename }"

    a = await get(server, query=query, operationName="A", variables='{"id": "x"}', extensions="{}")
    b = await get(server, query=query, operationName="B", variables="null", extensions="null")

    assert a.json() == {"data": {"node": None}}
    assert b.json() == {"data": {"b": "Query"}}


async def test_a_mutation_by_get_is_not_done(server: Server, alice: Person) -> None:
    mutation = 'mutation { createRoom(input: {title: "Room", access: OPEN}) { __typename } }'

    response = await get(server, alice.headers, query=mutation)

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    rooms = await alice.ask("{ viewer { rooms { nodes { id } } } }")
    assert rooms["viewer"]["rooms"]["nodes"] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD"])
async def test_other_methods_are_not_allowed(server: Server, method: str) -> None:
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        response = await client.request(
            method, f"{server.http}/graphql", headers={"Content-Type": JSON}
        )

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    "media_type",
    [
        *("", "text/plain", "application/x-www-form-urlencoded", "application/graphql", "json"),
        *("multipart/form-data; boundary=x", "application/jsonp", "*/*", "application/json+x"),
    ],
)
async def test_only_json_is_taken(server: Server, media_type: str) -> None:
    """A form of a foreign page can send the other types without asking."""
    response = await post(server, json.dumps(TYPENAME).encode(), {"Content-Type": media_type})

    assert response.status_code == 415
    assert response.headers["Accept"] == JSON


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "UTF-7"])
async def test_only_utf_8_is_taken(server: Server, charset: str) -> None:
    body = json.dumps(TYPENAME).encode()

    response = await post(server, body, {"Content-Type": f"{JSON}; charset={charset}"})

    assert response.status_code == 415
    assert "UTF-8" in response.json()["errors"][0]["message"]


async def test_a_compressed_body_is_not_taken(server: Server) -> None:
    response = await post(server, gzip.compress(b"{}"), {"Content-Encoding": "gzip"})

    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("body", [b"[]", b' [{"query": "{ __typename }"}]', b"[" * 100_000])
async def test_a_batch_is_refused_in_so_many_words(server: Server, body: bytes) -> None:
    response = await post(server, body)

    assert response.status_code == 400
    assert "no batching" in response.json()["errors"][0]["message"]


WRONG = {
    "query": [1, 0.5, True, [], {}],
    "documentId": [1, True, [], {}],
    "operationName": [1, True, [], {}],
    "variables": [1, True, [], "", "{}"],
    "extensions": [1, True, [], "", "{}", {"persistedQuery": 1}, {"persistedQuery": {}}],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
async def test_a_parameter_of_the_wrong_type_is_a_bad_request(
    server: Server, name: str, value: Any, accept: str
) -> None:
    base = {} if name == "documentId" else TYPENAME

    response = await post(server, {**base, name: value}, {"Accept": accept})

    assert response.status_code == 400
    assert response.json()["errors"]


async def test_a_parameter_that_is_given_twice_is_a_bad_request(server: Server) -> None:
    twice = "query=%7B__typename%7D&query=%7Ba%3A__typename%7D"
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        response = await client.get(f"{server.http}/graphql?{twice}")

    assert response.status_code == 400
    assert "more than once" in response.json()["errors"][0]["message"]


async def test_an_empty_operation_name_is_none_and_other_parameters_are_ignored(
    server: Server,
) -> None:
    expected = {"data": {"__typename": "Query"}}

    assert (await get(server, **TYPENAME, operationName="", x="1")).json() == expected
    assert (await post(server, {**TYPENAME, "operationName": "", "x": 1})).json() == expected


async def test_a_document_and_the_name_of_one_are_too_many(server: Server) -> None:
    response = await post(server, {**TYPENAME, "documentId": "x"})

    assert response.status_code == 400
    assert "documentId" in response.json()["errors"][0]["message"]


async def test_a_page_elsewhere_does_not_ask_in_its_visitors_names(
    server: Server, alice: Person
) -> None:
    """Nor keep streams open: an EventSource sends cookies along, and an image from a sibling."""
    stream = {"query": "subscription { userEvents { __typename } }"}
    foreign = {"Origin": "https://evil.test", "Accept": EVENT_STREAM}
    image = {"Sec-Fetch-Site": "same-site", "Accept": "image/png, */*"}
    async with _browser(server, f"kim{alice.database_id}") as client:
        refused = await client.get("/graphql", params=stream, headers=foreign)
        loaded = await client.get("/graphql", params=stream, headers=image)
        posted = await client.post("/graphql", json=stream, headers={"Accept": EVENT_STREAM})

    assert refused.status_code == loaded.status_code == posted.status_code == 403
    assert refused.json()["errors"]


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_say_its_encoding(server: Server, media_type: str) -> None:
    assert (
        await post(server, json.dumps(TYPENAME).encode(), {"Content-Type": media_type})
    ).is_success


BROKEN = [
    *(b"", b" ", b"{", b"null", b"[]", b"42", b'"{}"', b"{}", b"\xff", b"\0", b'{"query": "\xff"}'),
    *(b'[{"query": "{ __typename }"}]', b'{"query": "{ __typename }"} {}', b"[" * 100_000),
    b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"query": "{ __typename }", "variables": {"x": ' + b"1" * 5_000 + b"}}",
    b'{"query": "{ __typename }", "variables": {"x": 1e400}}',
    b'{"query": "{ __typename }", "variables": {"x": NaN}}',
    b'{"query": "{ __typename }", "variables": {"x": "\\ud800"}}',
    b'{"query": "\\udfff"}',
]


@pytest.mark.parametrize("body", BROKEN, ids=lambda body: repr(body[:60]))
@pytest.mark.parametrize("accept", [JSON, GRAPHQL_RESPONSE])
async def test_a_body_that_is_no_request_is_a_bad_request(
    server: Server, body: bytes, accept: str
) -> None:
    response = await post(server, body, {"Accept": accept})

    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith(accept)
    assert response.json()["errors"][0]["message"]


WRONG = [{"query": wrong} for wrong in (None, 42, True, [], {}, ["{ __typename }"])] + [
    {**TYPENAME, name: wrong}
    for name, wrong in [
        *product(("variables", "extensions"), ("", "{}", 42, 0, False, True, [], [{}])),
        *product(("operationName",), (42, 0, False, True, [], {})),
    ]
]


@pytest.mark.parametrize("body", WRONG, ids=str)
async def test_a_member_of_the_wrong_type_is_a_bad_request(server: Server, body: Any) -> None:
    response = await post(server, body)

    assert response.status_code == 400
    assert response.json()["errors"]


@pytest.mark.parametrize("name", ["variables", "operationName", "extensions"])
async def test_a_member_that_is_null_is_a_member_left_out(server: Server, name: str) -> None:
    assert (await post(server, {**TYPENAME, name: None})).json() == {
        "data": {"__typename": "Query"}
    }


@pytest.mark.parametrize(
    "parameters",
    [
        *(
            {},
            {"quer": "{ __typename }"},
            {**TYPENAME, "variables": "{"},
            {**TYPENAME, "variables": ""},
        ),
        *({**TYPENAME, "variables": "[]"}, {**TYPENAME, "extensions": "1"}),
        {**TYPENAME, "variables": '{"x": "\\ud800"}'},
    ],
    ids=str,
)
async def test_a_query_string_that_is_no_request_is_a_bad_request(
    server: Server, parameters: dict[str, str]
) -> None:
    response = await get(server, {"Accept": JSON}, **parameters)

    assert response.status_code == 400
    assert response.json()["errors"]


@pytest.mark.parametrize(
    "raw", ["query=%ff", "query=%ed%a0%80", "query=%00", "variables=%ff&query=a", "%ff"]
)
async def test_a_query_string_of_any_bytes_is_answered(server: Server, raw: str) -> None:
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        response = await client.get(
            f"{server.http}/graphql?{raw}", headers={"Accept": GRAPHQL_RESPONSE}
        )

    assert response.status_code == 400
    assert response.json()["errors"]


BAD_REQUESTS: list[tuple[dict[str, Any], str]] = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "query ($x: ID!) { node(id: $x) { id } }"}, "BAD_USER_INPUT"),
    (
        {"query": "query ($x: ID!) { node(id: $x) { id } }", "variables": {"x": None}},
        "BAD_USER_INPUT",
    ),
    (
        {"query": "query ($x: ID!) { node(id: $x) { id } }", "variables": {"x": [1]}},
        "BAD_USER_INPUT",
    ),
    ({"query": "query ($x: ID!) { __typename }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "{ node }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "{ a " * 600 + "}" * 600}, "GRAPHQL_PARSE_FAILED"),
    ({"documentId": "x"}, "PERSISTED_QUERY_NOT_SUPPORTED"),
    ({**TYPENAME, "operationName": "A"}, "OPERATION_RESOLUTION_FAILURE"),
    (
        {"query": "query A { a: __typename } query B { b: __typename }"},
        "OPERATION_RESOLUTION_FAILURE",
    ),
]


@pytest.mark.parametrize(
    ("body", "code"), BAD_REQUESTS, ids=[str(body) for body, _ in BAD_REQUESTS]
)
async def test_a_request_error_has_its_status_where_the_client_knows_the_media_type(
    server: Server, body: dict[str, Any], code: str
) -> None:
    """GraphQL over HTTP, 6.4: 200 as JSON, 400 as a GraphQL response."""
    old = await post(server, body, {"Accept": JSON})
    new = await post(server, body, {"Accept": GRAPHQL_RESPONSE})

    assert (old.status_code, new.status_code) == (200, 400)
    for response in (old, new):
        assert "data" not in response.json()
        assert response.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        *(("", JSON), ("*/*", JSON), (JSON, JSON), (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE)),
        (f"{GRAPHQL_RESPONSE}, {JSON}; q=0.9", GRAPHQL_RESPONSE),
        (f"{JSON}, {GRAPHQL_RESPONSE}; q=0.9", JSON),
        (f"{GRAPHQL_RESPONSE}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL_RESPONSE),
    ],
)
async def test_the_answer_comes_as_the_client_prefers(
    server: Server, accept: str, expected: str
) -> None:
    response = await post(server, TYPENAME, {"Accept": accept})

    assert response.headers["Content-Type"] == f"{expected}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["Cache-Control"] == "no-store"
    assert "Accept" in response.headers["Vary"].split(", ")


@pytest.mark.parametrize("accept", ["text/html", "image/png", ";;;", "*/*; q=0"])
async def test_who_accepts_no_form_of_answer_is_told_so_and_nothing_is_done(
    server: Server, alice: Person, accept: str
) -> None:
    mutation = 'mutation { createRoom(input: {title: "Room", access: OPEN}) { __typename } }'

    response = await post(server, {"query": mutation}, {**alice.headers, "Accept": accept})

    assert response.status_code == 406
    assert JSON in response.json()["errors"][0]["message"]
    rooms = await alice.ask("{ viewer { rooms { nodes { id } } } }")
    assert rooms["viewer"]["rooms"]["nodes"] == []


async def test_data_beside_errors_is_a_partial_success(server: Server) -> None:
    """GraphQL over HTTP, 6.3: 294 where the client knows the media type, else 200."""
    query = '{ openRooms(after: "") { nodes { id } } typename: __typename }'
    nothing = '{ openRooms(after: "") { nodes { id } } }'

    for asked in (query, nothing):
        old = await post(server, {"query": asked}, {"Accept": JSON})
        new = await post(server, {"query": asked}, {"Accept": GRAPHQL_RESPONSE})

        assert (old.status_code, new.status_code) == (200, 294), new.text
        assert old.json() == new.json()
        assert {"data", "errors"} == set(new.json())


async def test_a_result_may_come_as_events(server: Server) -> None:
    """graphql-sse, distinct connections: also of queries, and errors of the document too."""
    accept = {"Accept": EVENT_STREAM}
    answer = await post(server, TYPENAME, accept)
    by_get = await get(server, accept, **TYPENAME)
    refused = await post(server, {"query": "{ nothing }"}, accept)
    bad = await post(server, b"{", accept)

    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    expected = 'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'
    assert answer.text == by_get.text == expected
    assert refused.status_code == 200
    assert refused.text.startswith('event: next\ndata: {"errors":[')
    assert refused.text.endswith("event: complete\ndata:\n\n")
    assert bad.status_code == 400
    assert bad.json()["errors"]


async def test_a_browser_gets_a_page_and_the_csrf_cookie(server: Server) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    page = await get(server, accept)
    query = await get(server, accept, query="{ __typename }")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "GraphiQL" in page.text
    assert "csrftoken" in page.cookies
    assert query.json() == {"data": {"__typename": "Query"}}
    assert "csrftoken" not in query.cookies


async def test_a_subscription_cannot_be_answered_at_once(server: Server) -> None:
    query = {"query": "subscription { userEvents { __typename } }"}

    response = await post(server, query, {"Accept": JSON})

    assert response.status_code == 406
    assert EVENT_STREAM in response.json()["errors"][0]["message"]


async def test_a_body_that_is_too_large_is_refused(server: Server) -> None:
    response = await post(server, {**TYPENAME, "variables": {"x": "x" * 300_000}})

    assert response.status_code == 413
    assert response.json()["errors"]


# Who is asking


WHO = {"query": "{ viewer { user { databaseId } } }"}
SIGN_IN = (
    "mutation ($input: SignInInput!) { signIn(input: $input) { __typename"
    " ... on SignInSuccess { token viewer { user { username } sessions { current } } } } }"
)


def _who(response: httpx.Response) -> int | None:
    viewer = response.json()["data"]["viewer"]
    return viewer and viewer["user"]["databaseId"]


@asynccontextmanager
async def _browser(server: Server, name: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the cookies of somebody who has signed up and then signed in."""
    await sign_up(server.http, server.ws, name)
    async with httpx.AsyncClient(base_url=server.http, timeout=DEADLINE, verify=TLS) as client:
        response = await client.post("/graphql", json=_signing_in(name))
        assert response.json()["data"]["signIn"]["__typename"] == "SignInSuccess"
        yield client


def _signing_in(name: str) -> dict[str, Any]:
    given = {"username": name, "password": f"{name}-anteroom-5812"}
    return {"query": SIGN_IN, "variables": {"input": given}}


async def test_signing_in_sets_the_cookie_and_gives_a_token(server: Server, alice: Person) -> None:
    name = f"grace{alice.database_id}"
    async with _browser(server, name) as client:
        assert {"sessionid", "csrftoken"} <= set(client.cookies)
        who = _who(await client.get("/graphql", params=WHO))
        assert who is not None

        answer = (await post(server, _signing_in(name))).json()["data"]["signIn"]
    assert answer["viewer"]["user"]["username"] == name
    assert [each["current"] for each in answer["viewer"]["sessions"]] == [True, False, False]
    assert _who(await post(server, WHO, {"Authorization": f"Bearer {answer['token']}"})) == who


async def test_a_post_with_a_cookie_needs_the_csrf_token(server: Server, alice: Person) -> None:
    async with _browser(server, f"heidi{alice.database_id}") as client:
        refused = await client.post("/graphql", json=WHO)
        forged = await client.post("/graphql", json=WHO, headers={"X-CSRFToken": "x" * 32})
        token = {"X-CSRFToken": client.cookies["csrftoken"]}
        taken = await client.post("/graphql", json=WHO, headers=token)
        from_elsewhere = await client.post(
            "/graphql", json=WHO, headers={**token, "Origin": "https://evil.test"}
        )
        by_get = await client.get("/graphql", params=WHO)

    assert refused.status_code == forged.status_code == from_elsewhere.status_code == 403
    assert "X-CSRFToken" in refused.json()["errors"][0]["message"]
    assert _who(taken) == _who(by_get) is not None


async def test_who_comes_without_a_cookie_needs_no_csrf_token(
    server: Server, alice: Person
) -> None:
    foreign = {"Origin": "https://evil.test"}

    assert _who(await post(server, WHO, {**alice.headers, **foreign})) == alice.database_id
    assert _who(await post(server, WHO, foreign)) is None


async def test_a_token_goes_before_the_cookie_and_a_bad_one_is_nobody(
    server: Server, alice: Person
) -> None:
    async with _browser(server, f"ivan{alice.database_id}") as client:
        by_token = await client.post("/graphql", json=WHO, headers=alice.headers)
        assert _who(by_token) == alice.database_id
        for bad in (
            "",
            "Bearer",
            "Bearer x",
            alice.token,
            f"Basic {alice.token}",
            f"Bearer {alice.token}x",
        ):
            answer = await client.post("/graphql", json=WHO, headers={"Authorization": bad})
            assert answer.status_code == 200
            assert _who(answer) is None


async def test_a_cookie_that_is_over_is_nobody_and_needs_no_csrf_token(server: Server) -> None:
    for cookie in ("x", "a" * 32, "é", "x" * 5_000):
        headers = {"Cookie": f"sessionid={cookie}".encode()}
        assert _who(await post(server, WHO, headers)) is None


async def test_signing_out_ends_the_session_and_the_cookie(server: Server, alice: Person) -> None:
    sign_out = {"query": "mutation { signOut { __typename ... on SignOutSuccess { ok } } }"}
    async with _browser(server, f"judy{alice.database_id}") as client:
        stolen = client.cookies["sessionid"]
        token = {"X-CSRFToken": client.cookies["csrftoken"]}
        answer = await client.post("/graphql", json=sign_out, headers=token)

        assert answer.json()["data"]["signOut"] == {"__typename": "SignOutSuccess", "ok": True}
        assert "sessionid" not in client.cookies
        assert _who(await client.post("/graphql", json=WHO)) is None
    assert _who(await get(server, {"Cookie": f"sessionid={stolen}"}, **WHO)) is None


async def test_a_token_is_worth_nothing_after_signing_out(server: Server, alice: Person) -> None:
    await alice.ask("mutation { signOut { __typename } }")

    assert (await alice.ask("{ viewer { user { id } } }"))["viewer"] is None
    assert (await alice.do("createRoom", title="Room", access="OPEN"))["code"] == "UNAUTHENTICATED"


async def test_a_session_can_be_revoked_from_another(server: Server, alice: Person) -> None:
    me = await alice.ask("{ viewer { user { username } sessions { id current } } }")
    name = me["viewer"]["user"]["username"]
    other = await ask(
        server.http, SIGN_IN, {"input": {"username": name, "password": f"{name}-anteroom-5812"}}
    )
    stranger = Person(server.http, server.ws, other["signIn"]["token"], alice.database_id)
    (mine,) = [each for each in me["viewer"]["sessions"] if each["current"]]

    outcome = await stranger.do("revokeSession", sessionId=mine["id"])

    assert outcome == {"__typename": "RevokeSessionSuccess", "sessionId": mine["id"]}
    assert (await alice.ask("{ viewer { user { id } } }"))["viewer"] is None
    assert (await stranger.do("revokeSession", sessionId=mine["id"]))["code"] == "NOT_FOUND"


# Bad input, argument by argument


INPUTS: dict[str, dict[str, Any]] = {
    "signUp": {"username": "{new}", "password": STRONG, "firstName": "", "lastName": ""},
    "signIn": {"username": "nobody", "password": "wrong"},
    "revokeSession": {"sessionId": ""},
    "createRoom": {"title": "Room", "access": "OPEN"},
    "renameRoom": {"roomId": "{room}", "title": "Room"},
    "rotateJoinCode": {"roomId": "{room}"},
    "deleteRoom": {"roomId": "{none}"},
    "joinRoom": {"roomId": "{room}"},
    "requestToJoin": {"joinCode": ""},
    "withdrawJoinRequest": {"joinRequestId": ""},
    "admitJoinRequest": {"joinRequestId": ""},
    "denyJoinRequest": {"joinRequestId": ""},
    "removeMember": {"roomId": "{room}", "userId": ""},
    "leaveRoom": {"roomId": "{room}"},
    "sendMessage": {"roomId": "{room}", "text": "Hello", "clientMutationId": "1"},
}
HOSTILE = {
    "a NUL": '"\\u0000"',
    "an embedded NUL": '"a\\u0000b"',
    "100,000 characters": json.dumps("x" * 100_000),
    "60,000 emoji": json.dumps("😀" * 60_000, ensure_ascii=False),
    "20,000 escaped emoji": json.dumps("😀" * 20_000),
    "100,000 white spaces": json.dumps(" " * 100_000),
    "half an emoji": '"\\ud83d"',
    "the other half": '"\\ude00"',
    "halves in the wrong order": '"\\ude00\\ud83d"',
    "a noncharacter": '"\\uffff"',
    "an override": '"\\u202e"',
    "an SQL wildcard": '"%_\\\\%"',
    "an SQL string": '"\' OR 1=1 --"',
}
IMPOSSIBLE = {"half an emoji", "the other half", "halves in the wrong order"}


@pytest.mark.parametrize("mutation", INPUTS)
async def test_no_text_in_any_field_of_a_mutation_is_too_much(
    server: Server, alice: Person, mutation: str
) -> None:
    """It is done or answered with a typed error; what is not Unicode is a bad request."""
    room = await create_room(alice)
    known = {"{room}": room["id"], "{none}": ids.encode("Room", 999_999)}
    kind = mutation[0].upper() + mutation[1:]
    query = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input)"
        " { __typename ... on Error { code message } } }"
    )
    for number, (field, (name, text)) in enumerate(product(INPUTS[mutation], HOSTILE.items())):
        new = {"{new}": f"new{alice.database_id}x{number}"}
        values = {
            key: "HOSTILE"
            if key == field and key != "access"
            else {**known, **new}.get(value, value)
            for key, value in INPUTS[mutation].items()
        }
        body = json.dumps({"query": query, "variables": {"input": values}}).replace(
            '"HOSTILE"', text
        )
        response = await post(server, body.encode(), alice.headers)

        if name in IMPOSSIBLE and "HOSTILE" in values.values():
            assert response.status_code == 400, (field, name)
            continue
        assert response.status_code == 200, (field, name, response.text[:500])
        outcome = response.json()["data"][mutation]
        if name.startswith("100,000") and field in {
            "text",
            "title",
            "firstName",
            "lastName",
            "clientMutationId",
        }:
            blank = name.endswith("spaces") and field in {"firstName", "lastName"}
            assert outcome.get("code") == (None if blank else "INVALID"), (field, name)


QUERIES = {
    "room": "query ($x: ID!) { room(id: $x) { id } }",
    "node": "query ($x: ID!) { node(id: $x) { id } }",
    "roomPreview": "query ($x: String!) { roomPreview(joinCode: $x) { id } }",
    "search": "query ($x: String) { openRooms(search: $x) { nodes { id } } }",
    "after": "query ($x: String) { openRooms(after: $x) { nodes { id } } }",
    "userEvents": "query ($x: Cursor!) { userEvents(after: $x) { cursor } }",
    "roomEvents": "query ($x: Cursor!) { roomEvents(roomId: %ROOM%, after: $x) { cursor } }",
    "roomId": 'query ($x: ID!) { roomEvents(roomId: $x, after: "") { cursor } }',
}
RAW = {
    **HOSTILE,
    "nothing": '""',
    "a huge number": "1" + "0" * 30,
    "a negative number": "-1",
    "2^63": str(2**63),
    "an id of 2^63": json.dumps(ids.encode("Room", 2**63)),
    "a user's id": json.dumps(ids.encode("User", 1)),
}


@pytest.mark.parametrize("field", QUERIES)
async def test_no_text_in_any_argument_of_a_query_is_too_much(
    server: Server, alice: Person, field: str
) -> None:
    room = await create_room(alice)
    query = QUERIES[field].replace("%ROOM%", json.dumps(room["id"]))
    for name, text in RAW.items():
        body = json.dumps({"query": query, "variables": {"x": "HOSTILE"}}).replace(
            '"HOSTILE"', text
        )
        response = await post(server, body.encode(), alice.headers)

        if name in IMPOSSIBLE:
            assert response.status_code == 400, name
            continue
        assert response.status_code == 200, (name, response.text[:500])
        codes = {each["extensions"]["code"] for each in response.json().get("errors", [])}
        assert codes <= {"INVALID", "BAD_USER_INPUT"}, (name, response.text[:500])
