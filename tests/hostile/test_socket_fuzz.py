"""Whatever comes over the GraphQL socket, it is answered or closed, and never open and dead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.clients import DEADLINE, SUBPROTOCOL
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

DOCUMENTED = {1009, 4400, 4401, 4403, 4409, 4429}
"""What the client can bring about, as docs/reference/errors.md has it."""
MOST_GROWTH = 64 * 1024
"""KiB of memory: what one rendering cache may take."""

bounded = settings(
    max_examples=150,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # to make a socket that is dead smaller would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | text
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
queries = st.sampled_from(
    [
        *("{ __typename }", "{", "", "{ viewer { user { id } } }", "{ nothing }"),
        *("subscription { userEvents { __typename } }", "mutation { signOut { __typename } }"),
        'subscription { roomEvents(roomId: "x") { __typename } }',
        "query ($x: Int!) { openRooms(first: $x) { nodes { id } } }",
        "query A { __typename } query B { __typename }",
        "{ ...F } fragment F on Query { ...F }",
    ]
)
types = st.sampled_from(
    [
        *("connection_init", "ping", "pong", "subscribe", "complete"),
        *("next", "error", "connection_ack", "start", ""),
    ]
)
payloads = st.fixed_dictionaries(
    {"query": queries},
    optional={"variables": anything, "operationName": anything, "extensions": anything},
)
rightful = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("subscribe"), "id": st.sampled_from("123"), "payload": payloads}
    ),
    st.fixed_dictionaries({"type": st.just("complete"), "id": st.sampled_from("123")}),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["ping", "pong"])},
        optional={"payload": st.dictionaries(text, anything, max_size=2)},
    ),
)
mangled = st.fixed_dictionaries(
    {"type": types | anything},
    optional={"id": anything, "payload": payloads | anything, "more": anything},
)
as_json = (rightful | mangled | anything).map(json.dumps)
cut = st.tuples(as_json, st.integers(1, 30)).map(lambda pair: pair[0][: -pair[1]])
# Most are right, so that a socket lives to hear the next.
frames = st.one_of(*[rightful.map(json.dumps)] * 4, as_json, cut, text, st.binary(max_size=20))


@bounded
@given(initialised=st.booleans(), sent=st.lists(frames, max_size=12), pieces=st.integers(1, 4))
def _hurl(server: Server, *, initialised: bool, sent: list[str | bytes], pieces: int) -> None:
    with connect(f"{server.ws}/graphql", subprotocols=[SUBPROTOCOL]) as socket:
        try:
            if initialised:
                socket.send('{"type": "connection_init"}')
            for frame in sent:
                socket.send(_cut(frame, pieces))
            assert _answers(socket)
        except ConnectionClosed:
            # What was said before the end is heard first.
            assert _code(socket) in DOCUMENTED


def test_after_any_frames_a_socket_answers_or_is_closed_with_a_reason(server: Server) -> None:
    before = _memory(server)

    _hurl(server)

    assert _memory(server) - before < MOST_GROWTH
    with connect(f"{server.ws}/graphql", subprotocols=[SUBPROTOCOL]) as socket:
        assert _answers(socket)


@pytest.mark.parametrize("length", [0, 2, 1_000, 100_000, 200_000])
def test_a_message_may_come_in_any_number_of_fragments(server: Server, length: int) -> None:
    with connect(f"{server.ws}/graphql", subprotocols=[SUBPROTOCOL], max_size=None) as socket:
        ping = json.dumps(
            {"type": "ping", "payload": {"x": "é" * (length // 2)}}, ensure_ascii=False
        )
        for pieces in (1, 2, 7, 100):
            socket.send(_cut(ping, pieces))
            assert json.loads(socket.recv(DEADLINE)) == {**json.loads(ping), "type": "pong"}


def _cut(frame: str | bytes, pieces: int) -> Any:
    """The frame, or an iterable of fragments of it."""
    size = max(1, len(frame) // pieces)
    return (
        frame if pieces == 1 else [frame[at : at + size] for at in range(0, len(frame) or 1, size)]
    )


def _answers(socket: ClientConnection) -> bool:
    socket.send('{"type": "ping", "payload": {"are you": "there?"}}')
    while True:
        message = json.loads(socket.recv(DEADLINE))
        if message == {"type": "pong", "payload": {"are you": "there?"}}:
            return True


def _code(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(DEADLINE)
    except ConnectionClosed:
        return socket.close_code


def _memory(server: Server) -> int:
    """What the server's process holds, in KiB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
