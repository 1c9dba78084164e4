"""The authorisation matrix, asked cell by cell: subscriptions over every wire, plain topics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import DEADLINE, SUBPROTOCOL, GraphQLSocket, Json, Person
from tests.end_to_end.http_streams import HttpWire, opened
from tests.hostile.matrix import DATA, STREAMS, Row
from tests.hostile.settled import Settled, settle
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

ABSENT = 2**40

ROOM_EVENTS = """
subscription ($room: ID!, $after: Cursor) { roomEvents(roomId: $room, after: $after) {
  __typename } }
"""
USER_EVENTS = "subscription ($after: Cursor) { userEvents(after: $after) { __typename } }"

AFTER: dict[str, Callable[[Settled], str]] = {
    "after a member's cursor": lambda settled: settled.members_cursor,
    "after the owner's cursor": lambda settled: settled.owners_cursor,
}


async def _over_a_socket(row: Row, settled: Settled, person: Person | None) -> str:
    query, variables = await _operation(row, settled)
    async with AsyncExitStack() as stack:
        socket = await _socket(stack, settled.server, person)
        await socket.subscribe("1", query, **variables)
        message = await socket.receive()
    if message["type"] == "next":
        return DATA
    return str(message["payload"][0]["extensions"]["code"])


async def _over_http(wire: HttpWire, row: Row, settled: Settled, person: Person | None) -> str:
    query, variables = await _operation(row, settled)
    return await _first_said(wire, settled, person, query, variables)


async def _resumed(row: Row, settled: Settled, person: Person | None) -> str:
    """As a browser comes back: what it once asked for counts no more."""
    query, variables = await _operation(row, settled)
    headers = {}
    if variables["after"] is not None:
        headers = {"Last-Event-ID": variables["after"]}
        variables["after"] = "where it once began"
    return await _first_said("sse", settled, person, query, variables, headers)


async def _first_said(
    wire: HttpWire,
    settled: Settled,
    person: Person | None,
    query: str,
    variables: Json,
    headers: Mapping[str, str] | None = None,
) -> str:
    given = {**(person.headers if person else {}), **(headers or {})}
    parameters = {"query": query, "variables": variables}
    address = f"{settled.server.http}/graphql"
    async with opened(address, wire, parameters, given) as stream, asyncio.timeout(DEADLINE):
        said = (await stream.frame()).data if stream.is_stream else await stream.body()
        while said is None:
            said = (await stream.frame()).data
    return str(said["errors"][0]["extensions"]["code"]) if "errors" in said else DATA


SUBSCRIPTIONS = [row for row in STREAMS if row.field[0] != "/"]
WIRES: dict[str, Callable[[Row, Settled, Person | None], Awaitable[str]]] = {
    "graphql-transport-ws": _over_a_socket,
    "server-sent events": partial(_over_http, "sse"),
    "server-sent events, resumed": _resumed,
    "multipart": partial(_over_http, "multipart"),
}


@pytest.mark.parametrize("wire", WIRES)
async def test_subscriptions_tell_everyone_what_the_table_says(server: Server, wire: str) -> None:
    settled = await settle(server)

    assert await _wrong(SUBSCRIPTIONS, settled, WIRES[wire]) == {}


async def test_plain_topics_tell_everyone_what_the_table_says(server: Server) -> None:
    settled = await settle(server)

    assert await _wrong([row for row in STREAMS if row.field[0] == "/"], settled, _topic) == {}


async def _wrong(
    rows: list[Row],
    settled: Settled,
    ask: Callable[[Row, Settled, Person | None], Awaitable[str]],
) -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (str(row), standing): (said, expected)
        for row in rows
        for standing, expected in row.cells._asdict().items()
        if (said := await ask(row, settled, settled.people.get(standing))) != expected
    }


async def _operation(row: Row, settled: Settled) -> tuple[str, Json]:
    after = await _after(row, settled)
    if row.field.endswith("roomEvents"):
        return ROOM_EVENTS, {"room": settled.room["id"], "after": after}
    return USER_EVENTS, {"after": after}


async def _socket(stack: AsyncExitStack, server: Server, person: Person | None) -> GraphQLSocket:
    if person is not None:
        return await stack.enter_async_context(person.socket())
    address = f"{server.ws}/graphql"
    connection = await stack.enter_async_context(connect(address, subprotocols=[SUBPROTOCOL]))
    socket = GraphQLSocket(connection)
    await socket.initialise()
    return socket


async def _topic(row: Row, settled: Settled, person: Person | None) -> str:
    headers = person.headers if person is not None else {}
    after = await _after(row, settled)
    address = f"{settled.server.ws}/ws/{_path(row, settled, person)}" + (
        "" if after is None else f"?after={after}"
    )
    async with connect(address, additional_headers=headers) as topic, asyncio.timeout(DEADLINE):
        try:
            frame: Any = json.loads(await topic.recv())
        except ConnectionClosed:
            return str(topic.close_code)
    assert frame["type"]
    return DATA


def _path(row: Row, settled: Settled, person: Person | None) -> str:
    if row.case == "of a room that is not there":
        return f"room/{ABSENT}"
    if row.field == "/ws/room":
        return settled.path
    asked = settled.owner if row.case == "the owner's" or person is None else person
    return f"user/{asked.database_id}"


async def _after(row: Row, settled: Settled) -> str | None:
    if row.field.endswith("userEvents") and row.case in AFTER:
        viewer = (await settled.owner.ask("{ viewer { eventCursor } }"))["viewer"]
        return str(viewer["eventCursor"])
    return AFTER[row.case](settled) if row.case in AFTER else None
