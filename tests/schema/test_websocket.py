"""graphql-transport-ws against a real server: every message right, wrong and malformed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from realtime.socket import Disconnected, Socket
from schema import execution, requests
from schema.websocket import Connection
from tests.clients import DEADLINE, SUBPROTOCOL, GraphQLSocket, Json, Person, ask, sign_up
from tests.schema.conftest import SETTINGS, create_room, post
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

ENDS_WITHIN = 5.0
"""Seconds, as G10 promises."""
AT_ONCE = 2.0
"""Seconds; less than the time between two looks, so that only a ring explains it."""

USER_EVENTS = "subscription ($after: Cursor) { userEvents(after: $after) { __typename } }"
ROOM_EVENTS = """
subscription ($room: ID!, $after: Cursor) { roomEvents(roomId: $room, after: $after) {
  __typename ... on Event { cursor } ... on MessageSent { message { text } } } }
"""
SEND = """
mutation ($room: ID!, $text: String!) { sendMessage(input: {roomId: $room, text: $text}) {
  __typename ... on SendMessageSuccess { sentMessage { text } } } }
"""

on_sqlite = pytest.mark.only_on("sqlite")  # they hold its one write lock


@asynccontextmanager
async def opened(server: Server, **kwargs: Any) -> AsyncIterator[GraphQLSocket]:
    """A socket that has not been initialised."""
    async with connect(
        f"{server.ws}/graphql", **{"subprotocols": [SUBPROTOCOL], **kwargs}
    ) as connection:
        yield GraphQLSocket(connection)


@asynccontextmanager
async def anonymous(server: Server) -> AsyncIterator[GraphQLSocket]:
    async with opened(server) as socket:
        await socket.initialise()
        yield socket


async def close_code(connection: ClientConnection, within: float = DEADLINE) -> int | None:
    """The code with which the server closes, whatever it says before."""
    async with asyncio.timeout(within):
        try:
            while True:
                await connection.recv()
        except ConnectionClosed:
            return connection.close_code


async def answer_to(socket: GraphQLSocket, query: str, **variables: Any) -> Json:
    """The payload of an operation that answers once."""
    await socket.subscribe("answer", query, **variables)
    message = await socket.receive()
    assert message["type"] == "next", message
    assert await socket.receive() == {"type": "complete", "id": "answer"}
    payload: Json = message["payload"]
    return payload


async def still_lives(socket: GraphQLSocket) -> bool:
    """Whether the socket takes an operation and answers it."""
    return await answer_to(socket, "{ __typename }") == {"data": {"__typename": "Query"}}


# The handshake


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["graphql-transport-w"]], ids=str)
async def test_another_subprotocol_is_not_acceptable(server: Server, subprotocols: Any) -> None:
    async with opened(server, subprotocols=subprotocols) as socket:
        assert await close_code(socket.connection) == 4406


async def test_ours_is_chosen_among_several(server: Server) -> None:
    async with opened(server, subprotocols=[Subprotocol("graphql-ws"), SUBPROTOCOL]) as socket:
        assert socket.connection.subprotocol == SUBPROTOCOL
        await socket.initialise()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "null",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "http://[",
        "",
        "http://127.0.0.1:{port}.evil.test",
    ],
)
async def test_a_handshake_from_a_foreign_page_is_refused(server: Server, origin: str) -> None:
    """Browsers send cookies with it, and there is no CSRF token in a handshake."""
    foreign = Origin(origin.format(port=server.port))
    with pytest.raises(InvalidStatus) as refused:
        async with opened(server, additional_headers={"Origin": foreign}):
            pass

    assert refused.value.response.status_code == 403


async def test_a_handshake_from_our_own_page_is_accepted(server: Server) -> None:
    async with opened(server, origin=Origin(server.http)) as socket:
        await socket.initialise()


async def test_a_path_that_leads_nowhere_is_refused(server: Server) -> None:
    for path in ("", "graphq", "graphql/x", "ws/room", "ws/room/1/2", "%00"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{server.ws}/{path}", subprotocols=[SUBPROTOCOL]):
                pass
        assert refused.value.response.status_code == 403


# Initialisation


@pytest.mark.parametrize(
    "message",
    [
        {"type": "connection_init"},
        {"type": "connection_init", "payload": None},
        {"type": "connection_init", "payload": {}},
        {"type": "connection_init", "payload": {"Authorization": None, "x": [1]}},
        {"type": "connection_init", "id": 7, "more": {}},
    ],
    ids=str,
)
async def test_an_anonymous_init_is_acknowledged(server: Server, message: Json) -> None:
    async with opened(server) as socket:
        await socket.send(message)

        assert await socket.receive() == {"type": "connection_ack"}
        assert await answer_to(socket, "{ viewer { user { id } } }") == {"data": {"viewer": None}}


@pytest.mark.parametrize("key", ["Authorization", "authorization"])
async def test_a_token_in_the_init_says_who_it_is(server: Server, alice: Person, key: str) -> None:
    async with opened(server) as socket:
        await socket.initialise({key: f"Bearer {alice.token}"})

        answer = await answer_to(socket, "{ viewer { user { databaseId } } }")
        assert answer["data"]["viewer"]["user"]["databaseId"] == alice.database_id


async def test_a_token_in_the_handshake_says_who_it_is(server: Server, alice: Person) -> None:
    async with opened(server, additional_headers=alice.headers) as socket:
        await socket.initialise()

        answer = await answer_to(socket, "{ viewer { user { databaseId } } }")
        assert answer["data"]["viewer"]["user"]["databaseId"] == alice.database_id


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic x", "Bearer \0", 42, True, [], {}, ["Bearer x"]],
    ids=str,
)
async def test_a_bad_authorization_is_forbidden(
    server: Server, alice: Person, authorization: Any
) -> None:
    """Whatever the handshake says."""
    async with opened(server, additional_headers=alice.headers) as socket:
        await socket.send({"type": "connection_init", "payload": {"Authorization": authorization}})

        assert await close_code(socket.connection) == 4403


async def test_a_second_init_is_one_too_many(server: Server) -> None:
    async with anonymous(server) as socket:
        await socket.send({"type": "connection_init"})
        assert await close_code(socket.connection) == 4429

    async with opened(server) as socket:
        await socket.send({"type": "connection_init"})
        await socket.send({"type": "connection_init"})
        assert await close_code(socket.connection) == 4429


async def test_nothing_is_run_before_the_ack(server: Server) -> None:
    async with opened(server) as socket:
        await socket.subscribe("1", "{ __typename }")

        assert await close_code(socket.connection) == 4401


async def test_a_socket_that_is_not_initialised_is_closed_in_time(limited: Any) -> None:
    limited(init_timeout=0.01)
    peer = Peer()

    async with asyncio.timeout(DEADLINE):
        await _served(Connection(peer.socket()))

    assert peer.sent == [
        {"type": "websocket.close", "code": 4408, "reason": "Connection initialisation timeout"}
    ]


# Messages


MALFORMED = [
    *(
        "",
        " ",
        "x",
        "{",
        "null",
        "true",
        "42",
        "[]",
        '"ping"',
        "{}",
        "[{}]",
        "\0",
        "{'type': 'ping'}",
    ),
    *('{"type": null}', '{"type": 1}', '{"type": []}', '{"type": ""}', '{"type": "Ping"}'),
    *('{"type": "start"}', '{"type": "next", "id": "1"}', '{"type": "connection_ack"}'),
    *(
        '{"type": "error"}',
        '{"type": "connection_terminate"}',
        '{"id": "1"}',
        '{"type": "ping"} {}',
    ),
    *(
        '{"type": "ping", "payload": 1}',
        '{"type": "ping", "payload": []}',
        '{"type": "pong", "payload": ""}',
    ),
    *('{"type": "ping", "payload": {"x": NaN}}', '{"type": "ping", "payload": {"x": "\\ud800"}}'),
    *('{"type": "complete"}', '{"type": "complete", "id": ""}', '{"type": "complete", "id": 1}'),
    *('{"type": "complete", "id": null}', '{"type": "connection_init", "payload": []}'),
    '{"type": "ping", "payload": {"x": ' + "[" * 10_000 + "]" * 10_000 + "}}",
    "[" * 100_000,
    '{"type": "ping", "payload": {"x": ' + "1" * 5_000 + "}}",
    b"",
    b'{"type": "ping"}',
    b"\xff",
]
SUBSCRIBE: list[Json] = [
    *({}, {"id": "1"}, {"payload": {"query": "{ __typename }"}}),
    *(
        {"id": wrong, "payload": {"query": "{ __typename }"}}
        for wrong in ("", None, 1, True, [], {})
    ),
    *({"id": "1", "payload": wrong} for wrong in (None, 1, "", "{ __typename }", [], {}, {"x": 1})),
    *({"id": "1", "payload": {"query": wrong}} for wrong in (None, 1, True, [], {})),
    *(
        {"id": "1", "payload": {"query": "{ __typename }", name: wrong}}
        for name, wrongs in {
            "variables": (1, "", "{}", True, [], [1]),
            "operationName": (1, True, [], {}),
            "extensions": (1, "", True, []),
        }.items()
        for wrong in wrongs
    ),
]


@pytest.mark.parametrize(
    "frame",
    [*MALFORMED, *(json.dumps({"type": "subscribe", **members}) for members in SUBSCRIBE)],
    ids=lambda frame: ascii(frame[:120]),
)
async def test_what_is_no_message_closes_the_socket(server: Server, frame: str | bytes) -> None:
    """It is closed and never left open and dead."""
    async with anonymous(server) as socket:
        await socket.connection.send(frame)

        assert await close_code(socket.connection) == 4400
        assert socket.connection.close_reason


async def test_a_frame_that_is_no_text_is_invalid_before_the_init_too(server: Server) -> None:
    async with opened(server) as socket:
        await socket.connection.send(b"{}")

        assert await close_code(socket.connection) == 4400


@pytest.mark.parametrize(
    "payload",
    [
        *(None, {}, {"x": 1}, {"": None}, {"big": 10**30}, {"small": -(10**30)}, {"float": 1.5}),
        *({"text": "\0\u2028😀"}, {"deep": json.loads("[" * 400 + "]" * 400)}),
    ],
    ids=lambda payload: str(payload)[:30],
)
async def test_a_pong_echoes_what_the_ping_carried(server: Server, payload: Json | None) -> None:
    async with opened(server) as socket:
        await socket.send({"type": "ping", "payload": payload})

        expected = {"type": "pong"} if payload is None else {"type": "pong", "payload": payload}
        assert await socket.receive() == expected


async def test_a_ping_of_any_depth_is_echoed_or_refused(server: Server) -> None:
    """What can just be read can perhaps just not be written: never a socket that dies of it."""
    codes = set()
    for depth in range(950, 1_000):
        async with opened(server) as socket:
            deep = "[" * depth + "]" * depth
            await socket.connection.send('{"type": "ping", "payload": {"x": ' + deep + "}}")
            try:
                assert '"pong"' in str(await socket.connection.recv())
            except ConnectionClosed:
                codes.add(socket.connection.close_code)

    assert codes <= {4400}


async def test_a_ping_and_a_pong_need_neither_payload_nor_init(server: Server) -> None:
    async with opened(server) as socket:
        await socket.send({"type": "pong"})
        await socket.send({"type": "pong", "payload": {"x": 1}})
        await socket.send({"type": "ping"})

        assert await socket.receive() == {"type": "pong"}


# Operations


@pytest.mark.parametrize(
    "operation_id",
    [" ", "1", "\0", "é😀", "x" * 10_000, '"', "__proto__"],
    ids=lambda each: ascii(each[:10]),
)
async def test_an_id_is_any_text(server: Server, operation_id: str) -> None:
    async with anonymous(server) as socket:
        await socket.subscribe(operation_id, "{ __typename }")

        assert await socket.next(operation_id) == {"__typename": "Query"}
        assert await socket.receive() == {"type": "complete", "id": operation_id}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{" * 500}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "subscription { nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query ($x: Int!) { openRooms(first: $x) { nodes { id } } }"}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_request_error_ends_its_operation_and_not_the_socket(
    server: Server, payload: Json, code: str
) -> None:
    async with anonymous(server) as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})

        message = await socket.receive()
        assert (message["type"], message["id"]) == ("error", "1")
        assert message["payload"][0]["message"]
        assert message["payload"][0]["extensions"]["code"] == code
        await socket.subscribe("1", "{ __typename }")
        assert await socket.next("1") == {"__typename": "Query"}


async def test_an_id_that_is_in_use_closes_the_socket(server: Server, alice: Person) -> None:
    async with alice.socket() as socket:
        await socket.subscribe("1", USER_EVENTS)
        await socket.next("1")
        await socket.subscribe("1", "{ __typename }")

        assert await close_code(socket.connection) == 4409
        assert socket.connection.close_reason == "Subscriber for 1 already exists"


async def test_an_id_can_be_used_again_after_either_side_has_completed_it(
    server: Server, alice: Person
) -> None:
    async with alice.socket() as socket:
        for _ in range(3):
            await socket.subscribe("1", USER_EVENTS)
            assert await socket.next("1") == {"userEvents": {"__typename": "CaughtUp"}}
            await socket.send({"type": "complete", "id": "1"})
            await socket.subscribe("1", "{ __typename }")
            assert await socket.next("1") == {"__typename": "Query"}
            assert await socket.receive() == {"type": "complete", "id": "1"}


async def test_completing_what_does_not_run_is_ignored(server: Server) -> None:
    async with anonymous(server) as socket:
        for _ in range(3):
            await socket.send({"type": "complete", "id": "nothing"})

        assert await still_lives(socket)


async def test_nothing_comes_from_a_stream_that_the_client_completed(
    server: Server, alice: Person
) -> None:
    room = await create_room(alice)
    async with alice.socket() as socket:
        await socket.subscribe("stream", ROOM_EVENTS, room=room["id"])
        await socket.next("stream")
        await socket.send({"type": "complete", "id": "stream"})
        await answer_to(socket, SEND, room=room["id"], text="Hello")
        for _ in range(3):
            assert await still_lives(socket)


async def test_a_hundred_operations_run_on_one_socket_and_no_more(
    server: Server, alice: Person
) -> None:
    async with alice.socket() as socket:
        for number in range(100):
            await socket.subscribe(str(number), USER_EVENTS)
        begun = {(await socket.receive())["id"] for _ in range(100)}
        assert begun == {str(number) for number in range(100)}

        await socket.subscribe("one more", USER_EVENTS)
        assert await close_code(socket.connection) == 4429


QUERIES = [
    "{ __typename }",
    "{ viewer { user { username } rooms { nodes { title } } joinRequests { nodes { id } } } }",
    '{ node(id: "x") { id } room(id: "x") { id } roomPreview(joinCode: "x") { id } }',
    '{ userEvents(after: "x") { cursor } }',
    'mutation { createRoom(input: {title: "", access: OPEN}) { ... on Error { code } } }',
    'mutation { a: leaveRoom(input: {roomId: "x"}) { __typename } b: __typename }',
]


@pytest.mark.parametrize("query", QUERIES)
async def test_an_operation_means_the_same_over_either_transport(
    server: Server, alice: Person, query: str
) -> None:
    async with alice.socket() as socket:
        by_socket = await answer_to(socket, query)

    assert by_socket == (await post(server, {"query": query}, alice.headers)).json()


async def test_a_mutation_over_the_socket_is_done_and_seen(server: Server, alice: Person) -> None:
    room = await create_room(alice)
    async with alice.socket() as socket:
        await socket.subscribe("events", ROOM_EVENTS, room=room["id"])
        await socket.next("events")

        await socket.subscribe("send", SEND, room=room["id"], text="Hello")
        messages = [await socket.receive() for _ in range(3)]

    events = [each["payload"]["data"] for each in messages if each["id"] == "events"]
    assert [each["roomEvents"]["message"]["text"] for each in events] == ["Hello"]
    assert [each["type"] for each in messages if each["id"] == "send"] == ["next", "complete"]


async def test_a_socket_that_follows_two_rooms_gets_each_event_once(
    server: Server, alice: Person
) -> None:
    """G2: and each on the stream of its room."""
    rooms = {name: await create_room(alice, name) for name in ("a", "b")}
    async with alice.socket() as socket:
        for name, room in rooms.items():
            await socket.subscribe(name, ROOM_EVENTS, room=room["id"])
            assert (await socket.next(name))["roomEvents"]["__typename"] == "CaughtUp"
        for number in range(5):
            for name, room in rooms.items():
                await alice.do("sendMessage", roomId=room["id"], text=f"{name}{number}")

        got = [await socket.receive() for _ in range(10)]
        assert await still_lives(socket)

    for name in rooms:
        texts = [
            each["payload"]["data"]["roomEvents"]["message"]["text"]
            for each in got
            if each["id"] == name
        ]
        assert texts == [f"{name}{number}" for number in range(5)]


async def test_a_stream_resumes_after_the_cursor_that_was_seen_last(
    server: Server, alice: Person
) -> None:
    """G1, G2: nothing is lost and nothing comes twice across a disconnect."""
    room = await create_room(alice)
    async with alice.socket() as socket:
        await socket.subscribe("1", ROOM_EVENTS, room=room["id"], after=room["eventCursor"])
        await socket.next("1")
        await alice.do("sendMessage", roomId=room["id"], text="One")
        cursor = (await socket.next("1"))["roomEvents"]["cursor"]
    await alice.do("sendMessage", roomId=room["id"], text="Two")

    async with alice.socket() as socket:
        await socket.subscribe("1", ROOM_EVENTS, room=room["id"], after=cursor)
        replayed = (await socket.next("1"))["roomEvents"]
        caught_up = (await socket.next("1"))["roomEvents"]

    assert replayed["message"]["text"] == "Two"
    assert caught_up == {"__typename": "CaughtUp", "cursor": replayed["cursor"]}


async def test_a_removed_member_gets_the_reason_and_the_end(
    server: Server, alice: Person, bob: Person
) -> None:
    """G5: and nothing of what follows."""
    room = await create_room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    query = ROOM_EVENTS.replace("__typename", "__typename ... on AccessRevoked { reason }")
    async with bob.socket() as socket:
        await socket.subscribe("1", query, room=room["id"])
        await socket.next("1")
        user = await bob.ask("{ viewer { user { id } } }")
        await alice.do("removeMember", roomId=room["id"], userId=user["viewer"]["user"]["id"])
        await alice.do("sendMessage", roomId=room["id"], text="secret")

        assert (await socket.next("1"))["roomEvents"] == {
            "__typename": "AccessRevoked",
            "reason": "REMOVED",
        }
        assert await socket.receive() == {"type": "complete", "id": "1"}
        assert await still_lives(socket)


async def test_a_deleted_room_ends_its_streams(server: Server, alice: Person) -> None:
    room = await create_room(alice)
    async with alice.socket() as socket:
        await socket.subscribe("1", ROOM_EVENTS, room=room["id"])
        await socket.next("1")
        await alice.do("deleteRoom", roomId=room["id"])

        assert (await socket.next("1"))["roomEvents"]["__typename"] == "RoomDeleted"
        assert await socket.receive() == {"type": "complete", "id": "1"}


# Refusals


async def _refusal(socket: GraphQLSocket, query: str, **variables: Any) -> object:
    await socket.subscribe("refused", query, **variables)
    message = await socket.receive()
    assert (message["type"], message["id"]) == ("error", "refused")
    (error,) = message["payload"]
    assert error["message"]
    return error["extensions"]["code"]


async def test_who_is_signed_out_follows_nothing(server: Server, alice: Person) -> None:
    room = await create_room(alice)
    async with anonymous(server) as socket:
        assert await _refusal(socket, USER_EVENTS) == "UNAUTHENTICATED"
        assert await _refusal(socket, ROOM_EVENTS, room=room["id"]) == "UNAUTHENTICATED"
        assert await still_lives(socket)


async def test_a_room_that_one_is_not_in_is_not_found(
    server: Server, alice: Person, bob: Person
) -> None:
    """G5: whether there is one or not."""
    room = await create_room(alice)
    user = (await bob.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    async with bob.socket() as socket:
        for room_id in (room["id"], user, "", "x", "\0", "x" * 100_000, 10**30, -1):
            assert await _refusal(socket, ROOM_EVENTS, room=room_id) == "NOT_FOUND"
        assert await still_lives(socket)


async def test_a_cursor_that_was_not_given_for_this_stream_is_invalid(
    server: Server, alice: Person, bob: Person
) -> None:
    room, other = await create_room(alice), await create_room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    query = "query ($id: ID!) { room(id: $id) { eventCursor } viewer { eventCursor } }"
    his = await bob.ask(query, id=room["id"])
    cursor = room["eventCursor"]
    wrong = [
        *(
            "",
            " ",
            "x",
            "\0",
            "é",
            cursor[:-1],
            cursor + "A",
            cursor + "=",
            cursor[::-1],
            cursor.lower(),
        ),
        *(
            other["eventCursor"],
            his["room"]["eventCursor"],
            his["viewer"]["eventCursor"],
            "x" * 100_000,
        ),
        *(42, True, {}, [], [cursor]),
    ]
    async with alice.socket() as socket:
        for each in wrong:
            assert await _refusal(socket, ROOM_EVENTS, room=room["id"], after=each) == "INVALID", (
                each
            )
        assert await _refusal(socket, USER_EVENTS, after=cursor) == "INVALID"
        assert await still_lives(socket)


# While the database is busy


@contextmanager
def write_lock(server: Server) -> Iterator[None]:
    """Hold SQLite's one write lock, so that no change goes on."""
    path = Path(server.environment["DATA_DIR"]) / "anteroom.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")


@on_sqlite
async def test_a_ping_is_answered_while_operations_wait_for_the_database(
    server: Server, alice: Person
) -> None:
    room = await create_room(alice)
    async with alice.socket() as busy, anonymous(server) as idle:
        with write_lock(server):
            for number in range(20):
                await busy.subscribe(str(number), SEND, room=room["id"], text=str(number))
            for socket in (busy, idle):
                begun = monotonic()
                await socket.send({"type": "ping", "payload": {"x": 1}})
                assert await socket.receive() == {"type": "pong", "payload": {"x": 1}}
                # The operations wait for twenty seconds before they give up.
                assert monotonic() - begun < 10

        answers = [await busy.receive() for _ in range(40)]
    assert {each["id"] for each in answers if each["type"] == "next"} == {str(n) for n in range(20)}


@on_sqlite
async def test_operations_that_are_cancelled_leave_the_socket_as_it_was(
    server: Server, alice: Person
) -> None:
    room = await create_room(alice)
    async with alice.socket() as socket:
        with write_lock(server):
            for number in range(5):
                await socket.subscribe(str(number), SEND, room=room["id"], text=str(number))
                await socket.send({"type": "complete", "id": str(number)})

        assert await still_lives(socket)


async def test_a_document_that_takes_long_to_judge_delays_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is judged beside the event loop."""
    judging, may_end = threading.Event(), threading.Event()

    def prepare(_: object) -> Any:
        judging.set()
        may_end.wait(DEADLINE)
        raise requests.RequestError([], "")

    monkeypatch.setattr(requests, "prepare", prepare)
    peer, connection = _acknowledged()
    serving = asyncio.create_task(_served(connection))
    peer.say({"type": "subscribe", "id": "1", "payload": {"query": "long"}})
    assert await asyncio.to_thread(judging.wait, DEADLINE)
    peer.say({"type": "ping"})
    async with asyncio.timeout(DEADLINE):
        await peer.got.wait()
    first = list(peer.sent)

    may_end.set()
    peer.hang_up()
    async with asyncio.timeout(DEADLINE):
        await serving
    assert first == [{"type": "pong"}]


@pytest.mark.parametrize("text", ["x" * 100_000, "😀" * 60_000], ids=["letters", "emoji"])
async def test_a_text_that_is_too_long_is_invalid_and_no_cut_connection(
    server: Server, alice: Person, text: str
) -> None:
    room = await create_room(alice)
    query = SEND.replace("__typename", "__typename ... on InvalidInput { field }")
    async with alice.socket() as socket:
        payload = {"query": query, "variables": {"room": room["id"], "text": text}}
        message = {"type": "subscribe", "id": "1", "payload": payload}
        await socket.connection.send(json.dumps(message, ensure_ascii=False))

        outcome = (await socket.next("1"))["sendMessage"]
        assert outcome == {"__typename": "InvalidInput", "field": "text"}


# Sessions


SIGN_IN = """
mutation ($input: SignInInput!) { signIn(input: $input) {
  __typename ... on SignInSuccess { token viewer { user { databaseId } } } } }
"""


async def _name(person: Person) -> str:
    name: str = (await person.ask("{ viewer { user { username } } }"))["viewer"]["user"]["username"]
    return name


async def _again(server: Server, person: Person) -> Person:
    """The same person in another session."""
    name = await _name(person)
    given = {"username": name, "password": f"{name}-anteroom-5812"}
    outcome = (await ask(server.http, SIGN_IN, {"input": given}))["signIn"]
    return Person(server.http, server.ws, outcome["token"], person.database_id)


async def test_signing_in_over_a_socket_does_not_change_who_it_is(
    server: Server, alice: Person, bob: Person
) -> None:
    name = await _name(bob)
    given = {"username": name, "password": f"{name}-anteroom-5812"}
    async with alice.socket() as hers, anonymous(server) as nobodys:
        for socket, whose in ((hers, alice.database_id), (nobodys, None)):
            outcome = (await answer_to(socket, SIGN_IN, input=given))["data"]["signIn"]
            assert outcome["viewer"]["user"]["databaseId"] == bob.database_id

            viewer = (await answer_to(socket, "{ viewer { user { databaseId } } }"))["data"][
                "viewer"
            ]
            assert (viewer and viewer["user"]["databaseId"]) == whose
            token = Person(server.http, server.ws, outcome["token"], bob.database_id)
            assert await _name(token) == name


async def test_signing_out_over_a_socket_answers_and_closes_it(
    server: Server, alice: Person
) -> None:
    async with alice.socket() as socket:
        await socket.subscribe(
            "1", "mutation { signOut { __typename ... on SignOutSuccess { ok } } }"
        )

        assert await socket.next("1") == {"signOut": {"__typename": "SignOutSuccess", "ok": True}}
        assert await close_code(socket.connection, AT_ONCE) == 4401
    assert (await alice.ask("{ viewer { user { id } } }"))["viewer"] is None


async def test_signing_out_rings_and_closes_that_sessions_sockets_at_once(
    server: Server, alice: Person
) -> None:
    """G10: all of that session's, and no other's."""
    elsewhere = await _again(server, alice)
    async with alice.socket() as one, alice.socket() as two, elsewhere.socket() as other:
        await one.subscribe("1", USER_EVENTS)
        await one.next("1")
        await alice.ask("mutation { signOut { __typename } }")

        assert await close_code(one.connection, AT_ONCE) == 4401
        assert await close_code(two.connection, AT_ONCE) == 4401
        assert await still_lives(other)


async def test_revoking_a_session_rings_and_closes_its_sockets_at_once(
    server: Server, alice: Person
) -> None:
    """G10"""
    elsewhere = await _again(server, alice)
    sessions = (await alice.ask("{ viewer { sessions { id current } } }"))["viewer"]["sessions"]
    (mine,) = [each["id"] for each in sessions if each["current"]]
    async with alice.socket() as socket, elsewhere.socket() as other:
        outcome = await elsewhere.do("revokeSession", sessionId=mine)

        assert outcome["__typename"] == "RevokeSessionSuccess"
        assert await close_code(socket.connection, AT_ONCE) == 4401
        assert await still_lives(other)


@pytest.fixture(scope="module")
def deaf_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose rings are all lost."""
    server = Server(
        tmp_path_factory.mktemp("deaf"), DJANGO_SETTINGS_MODULE=SETTINGS, RINGS="dropped"
    )
    server.start()
    yield server
    server.stop()


async def test_lost_rings_delay_the_end_of_a_session_by_five_seconds_at_most(
    deaf_server: Server,
) -> None:
    """G10, G6"""
    alice = await sign_up(deaf_server.http, deaf_server.ws, "alice")
    bob = await sign_up(deaf_server.http, deaf_server.ws, "bob")
    async with (
        alice.socket() as socket,
        alice.topic(f"user/{alice.database_id}") as topic,
        bob.socket() as his,
    ):
        await alice.ask("mutation { signOut { __typename } }")
        begun = monotonic()

        assert await close_code(socket.connection, ENDS_WITHIN) == 4401
        assert await close_code(topic, ENDS_WITHIN - (monotonic() - begun)) == 4401
        assert await still_lives(his)


ENDINGS = {
    "deactivated": "User.objects.filter(pk={}).update(is_active=False)",
    "with another password": "u = User.objects.get(pk={}); u.set_password('another'); u.save()",
    "expired": "Session.objects.filter(user={}).update(expire_date='2001-01-01T00:00:00Z')",
    "deleted sessions": "Session.objects.filter(user={}).delete()",
}


async def test_whatever_ends_a_session_in_another_process_ends_its_sockets(server: Server) -> None:
    """G10: no ring comes from there when there is no Redis."""
    people = {way: await sign_up(server.http, server.ws, way[:4]) for way in ENDINGS}
    survivor = await sign_up(server.http, server.ws, "survivor")
    script = (
        "from django.contrib.auth.models import User; from accounts.models import Session; "
        + "; ".join(code.format(people[way].database_id) for way, code in ENDINGS.items())
    )
    async with survivor.socket() as other, _sockets(people) as sockets:
        await asyncio.to_thread(server.manage, "shell", "-c", script)
        begun = monotonic()

        for way, socket in sockets.items():
            assert (
                await close_code(socket.connection, ENDS_WITHIN - (monotonic() - begun)) == 4401
            ), way
        assert await still_lives(other)


@asynccontextmanager
async def _sockets(people: dict[str, Person]) -> AsyncIterator[dict[str, GraphQLSocket]]:
    async with AsyncExitStack() as stack:
        yield {way: await stack.enter_async_context(each.socket()) for way, each in people.items()}


class Peer:
    """A client beside whom the test stands: what it sends is put, what it gets is kept."""

    def __init__(self) -> None:
        self.arriving: asyncio.Queue[Json] = asyncio.Queue()
        self.sent: list[Any] = []
        self.got = asyncio.Event()

    def socket(self) -> Socket:
        return Socket({"headers": [], "subprotocols": [SUBPROTOCOL]}, self.arriving.get, self._send)

    def say(self, message: Json) -> None:
        self.arriving.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def hang_up(self) -> None:
        self.arriving.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def _send(self, message: Any) -> None:
        self.sent.append(json.loads(message["text"]) if "text" in message else message)
        self.got.set()
        if message["type"] == "websocket.close":
            self.arriving.put_nowait({"type": "websocket.disconnect", "code": message["code"]})


@asynccontextmanager
async def _answering(
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[tuple[Peer, Connection, Any, Any]]:
    """A connection on which a mutation runs, and stops in the middle of it."""
    begun, may_end = threading.Event(), threading.Event()
    done = threading.Event()

    def run(*_: object) -> Any:
        begun.set()
        assert may_end.wait(DEADLINE)
        done.set()
        return execution.ExecutionResult({"done": True})

    monkeypatch.setattr(execution, "run", run)
    peer, connection = _acknowledged()
    peer.say(
        {
            "type": "subscribe",
            "id": "1",
            "payload": {"query": "mutation { signOut { __typename } }"},
        }
    )
    serving = asyncio.create_task(_served(connection))
    assert await asyncio.to_thread(begun.wait, DEADLINE)
    try:
        yield peer, connection, may_end, done
    finally:
        may_end.set()
        async with asyncio.timeout(DEADLINE):
            await serving


def _acknowledged() -> tuple[Peer, Connection]:
    """A connection that has its init behind it."""
    peer = Peer()
    connection = Connection(peer.socket())
    connection._acknowledged = connection._initialised = True
    return peer, connection


async def _served(connection: Connection) -> None:
    try:
        await connection.serve()
    except Disconnected:
        return


async def test_a_mutation_in_flight_answers_before_its_session_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with _answering(monkeypatch) as (peer, connection, may_end, _):
        connection._on_session_end()
        may_end.set()

    assert peer.sent[0] == {"type": "next", "id": "1", "payload": {"data": {"done": True}}}
    assert peer.sent[-1] == {"type": "websocket.close", "code": 4401, "reason": "Signed out"}


async def test_nothing_begins_on_a_socket_whose_session_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the last mutation is waited for."""
    async with _answering(monkeypatch) as (peer, connection, _, _):
        connection._on_session_end()
        peer.say({"type": "subscribe", "id": "2", "payload": {"query": "{ __typename }"}})
        async with asyncio.timeout(DEADLINE):
            await peer.got.wait()

    assert peer.sent == [{"type": "websocket.close", "code": 4401, "reason": "Unauthorized"}]


async def test_a_mutation_that_takes_long_is_done_and_its_socket_closes_without_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("schema.websocket._LAST_WORDS", 0.01)
    async with _answering(monkeypatch) as (peer, connection, may_end, done):
        connection._on_session_end()
        async with asyncio.timeout(DEADLINE):
            await peer.got.wait()
        assert not done.is_set()
        may_end.set()
        assert await asyncio.to_thread(done.wait, DEADLINE)

    assert peer.sent == [{"type": "websocket.close", "code": 4401, "reason": "Signed out"}]
