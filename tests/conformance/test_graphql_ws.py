"""graphql-transport-ws as its reference client speaks it: npm graphql-ws, in Node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients import DEADLINE, Person, sign_up
from tests.conformance.conftest import Package, node
from tests.schema.conftest import SETTINGS, create_room
from tests.server import Server

EVENTS = """
subscription ($room: ID!, $after: Cursor) { roomEvents(roomId: $room, after: $after) {
  __typename ... on Event { cursor } ... on MessageSent { message { text } }
  ... on AccessRevoked { reason } } }
"""
AGAIN = "tried again"
FATAL = "fatal"


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """A server that a test may kill."""
    server = Server(tmp_path, DJANGO_SETTINGS_MODULE=SETTINGS)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def _following(
    directory: Path, person: Person, room: Any
) -> AsyncIterator[asyncio.StreamReader]:
    arguments = [f"{person.ws}/graphql", person.token, EVENTS, room["id"], room["eventCursor"]]
    process = await asyncio.create_subprocess_exec(
        "node", "follow.mjs", *arguments, cwd=directory, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _said(lines: asyncio.StreamReader, number: int) -> list[Any]:
    async with asyncio.timeout(DEADLINE):
        return [json.loads(await lines.readline()) for _ in range(number)]


def _sent(text: str) -> Any:
    return {"__typename": "MessageSent", "message": {"text": text}}


async def test_the_client_asks_follows_and_resumes_after_the_server_was_killed(
    mortal: Server, package: Package
) -> None:
    """G1 and G2: it sends its last cursor, and gets each message once and in order."""
    alice = await sign_up(mortal.http, mortal.ws, "alice")
    bob = await sign_up(mortal.http, mortal.ws, "bob")
    room = await create_room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    query = "query ($id: ID!) { room(id: $id) { id eventCursor } }"
    seen = (await bob.ask(query, id=room["id"]))["room"]
    await alice.do("sendMessage", roomId=room["id"], text="missed")

    async with _following(package("graphql_ws"), bob, seen) as lines:
        begun = await _said(lines, 4)
        await alice.do("sendMessage", roomId=room["id"], text="live")
        live = await _said(lines, 1)
        mortal.kill()
        mortal.start()
        await alice.do("sendMessage", roomId=room["id"], text="later")
        resumed = await _said(lines, 3)
        await alice.do("deleteRoom", roomId=room["id"])
        ended = await _said(lines, 2)

    assert begun == ["connected", "bob", _sent("missed"), {"__typename": "CaughtUp"}]
    assert live == [_sent("live")]
    assert resumed[0] == "connected again"
    assert sorted(resumed[1:], key=str) == [{"__typename": "CaughtUp"}, _sent("later")]
    assert ended == [{"__typename": "RoomDeleted"}, "complete"]


@pytest.mark.parametrize(
    ("deed", "code", "then"),
    [
        ("forbidden", 4403, AGAIN),
        ("invalid", 4400, FATAL),
        ("taken", 4409, FATAL),
        ("initialised", 4429, FATAL),
        ("signed-out", 4401, FATAL),
    ],
)
def test_the_client_tries_again_or_gives_up_as_the_close_code_says(
    server: Server, package: Package, alice: Person, deed: str, code: int, then: str
) -> None:
    said = node(package("graphql_ws"), "close.mjs", f"{server.ws}/graphql", alice.token, deed)

    times = 2 if then == AGAIN else 1
    assert [json.loads(line) for line in said] == [{"codes": [code] * times, "failed": code}]


def test_a_stream_that_the_client_ends_leaves_the_others_on_its_socket_alone(
    server: Server, package: Package, alice: Person
) -> None:
    said = node(package("graphql_ws"), "dispose.mjs", f"{server.ws}/graphql", alice.token)

    told = ["CaughtUp", "CaughtUp", "CreateRoomSuccess", "RoomJoined", True]
    assert json.loads(said[-1]) == told
