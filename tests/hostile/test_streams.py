"""The authorisation matrix, asked cell by cell: subscriptions and plain topics, over sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import DEADLINE, SUBPROTOCOL, GraphQLSocket, Person
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


async def test_streams_tell_everyone_what_the_table_says(server: Server) -> None:
    settled = await settle(server)
    wrong = {}

    for row in STREAMS:
        for standing, expected in row.cells._asdict().items():
            ask = _topic if row.field[0] == "/" else _subscription
            said = await ask(row, settled, settled.people.get(standing))
            if said != expected:
                wrong[str(row), standing] = (said, expected)

    assert not wrong


async def _subscription(row: Row, settled: Settled, person: Person | None) -> str:
    async with AsyncExitStack() as stack:
        socket = await _socket(stack, settled.server, person)
        after = await _after(row, settled)
        if row.field.endswith("roomEvents"):
            await socket.subscribe("1", ROOM_EVENTS, room=settled.room["id"], after=after)
        else:
            await socket.subscribe("1", USER_EVENTS, after=after)
        message = await socket.receive()
    if message["type"] == "next":
        return DATA
    return str(message["payload"][0]["extensions"]["code"])


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
