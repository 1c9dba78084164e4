"""The clients that people use, in Node: what they make of our streams and documents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schema import ids
from tests.clients import DEADLINE, Person, sign_up
from tests.conformance.conftest import Package, node
from tests.schema.conftest import SETTINGS, create_room
from tests.server import Server

EVENTS = """
subscription ($roomId: ID!, $after: Cursor) {
  roomEvents(roomId: $roomId, after: $after) {
    __typename
    ... on MessageSent { message { __typename text } }
    ... on AccessRevoked { reason }
  }
}
"""
KNOWN = "query Known {\n  __typename\n}"
UNKNOWN = "query Unknown {\n  __typename\n}"


class Client:
    """A script that follows a room, and the lines that it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, directory: Path, script: str, person: Person, **variables: Any) -> Client:
        operation = json.dumps({"query": EVENTS, "variables": variables})
        command = ["node", script, f"{person.http}/graphql", person.token, operation]
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, cwd=directory, stdout=pipe))

    async def said(self) -> Any:
        assert self._process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            return json.loads(await self._process.stdout.readline())

    async def after_cuts(self) -> Any:
        said = "cut"
        while said == "cut":
            said = await self.said()
        return said

    async def event(self) -> Any:
        return (await self.said())["data"]["roomEvents"]

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@pytest.mark.parametrize("script", ["sse.mjs", "event-source.mjs", "apollo.mjs"])
async def test_a_client_follows_a_room_from_a_cursor_to_the_end(
    server: Server, package: Package, alice: Person, bob: Person, script: str
) -> None:
    room = await create_room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    data = await bob.ask("query ($id: ID!) { room(id: $id) { eventCursor } }", id=room["id"])
    await alice.do("sendMessage", roomId=room["id"], text="one")

    directory = await asyncio.to_thread(package, "clients")
    after = data["room"]["eventCursor"]
    client = await Client.start(directory, script, bob, roomId=room["id"], after=after)
    try:
        first = [await client.event(), await client.event()]
        await alice.do("sendMessage", roomId=room["id"], text="two")
        second = await client.event()
        user_id = ids.encode("User", bob.database_id)
        await alice.do("removeMember", roomId=room["id"], userId=user_id)
        last = [await client.event(), await client.said()]
    finally:
        await client.stop()

    assert first == [_said("one"), {"__typename": "CaughtUp"}]
    assert second == _said("two")
    assert last == [{"__typename": "AccessRevoked", "reason": "REMOVED"}, "complete"]


def _said(text: str) -> Any:
    message = {"__typename": "Message", "text": text}
    return {"__typename": "MessageSent", "message": message}


@pytest.mark.parametrize("script", ["sse.mjs", "apollo.mjs"])
async def test_a_client_understands_a_refusal(
    server: Server, package: Package, alice: Person, bob: Person, script: str
) -> None:
    room = await create_room(alice, access="BY_REQUEST")
    directory = await asyncio.to_thread(package, "clients")

    client = await Client.start(directory, script, bob, roomId=room["id"])
    try:
        told = [await client.said(), await client.said()]
    finally:
        await client.stop()

    assert "room" in json.dumps(told[0])
    assert "error" in json.dumps(told[0])
    assert told[1] == "complete"


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_an_event_source_comes_back_to_where_it_was(
    tmp_path: Path, package: Package, how: str
) -> None:
    """G1, G2: by itself, though the address still says where it once began."""
    server = Server(tmp_path, DJANGO_SETTINGS_MODULE=SETTINGS)
    await asyncio.to_thread(server.start)
    alice = await sign_up(server.http, server.ws, "alice")
    room = await create_room(alice)
    directory = await asyncio.to_thread(package, "clients")
    after = room["eventCursor"]

    client = await Client.start(
        directory, "event-source.mjs", alice, roomId=room["id"], after=after
    )
    try:
        first = await client.event()
        await alice.do("sendMessage", roomId=room["id"], text="one")
        second = await client.event()
        await asyncio.to_thread(getattr(server, how))
        await asyncio.to_thread(server.start)
        await alice.do("sendMessage", roomId=room["id"], text="two")
        again = await client.after_cuts()
        rest = [again["data"]["roomEvents"], await client.event()]
    finally:
        await client.stop()
        await asyncio.to_thread(server.stop)

    assert [first, second] == [{"__typename": "CaughtUp"}, _said("one")]
    # It may come back before the message is sent, or after.
    caught_up = {"__typename": "CaughtUp"}
    assert rest in ([_said("two"), caught_up], [caught_up, _said("two")])


@pytest.fixture
def closed_server(tmp_path: Path) -> Iterator[Server]:
    """A server that runs one document and no other."""
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "known.graphql").write_text(f"{KNOWN}\n")
    (documents / "asked_at_the_start.graphql").write_text("{__typename}")
    server = Server(
        tmp_path,
        GRAPHQL_DOCUMENTS=str(documents),
        GRAPHQL_DOCUMENTS_ONLY="1",
    )
    server.start()
    yield server
    server.stop()


def test_apollo_names_a_trusted_document_by_its_hash_and_no_other_is_run(
    closed_server: Server, package: Package
) -> None:
    address = f"{closed_server.http}/graphql"

    answers = [
        json.loads(each)
        for each in node(package("clients"), "persisted.mjs", address, KNOWN, UNKNOWN)
    ]

    assert answers[0] == {"data": {"__typename": "Query"}, "error": None, "sent": ["hash"]}
    assert answers[1]["data"] is None
    assert answers[1]["error"] == "Only trusted documents are run here."
    assert answers[1]["sent"] == ["hash", "text"]


def test_apollo_sends_documents_where_none_are_kept(server: Server, package: Package) -> None:
    """After the first refusal it no longer tries."""
    address = f"{server.http}/graphql"

    answers = [
        json.loads(each)
        for each in node(package("clients"), "persisted.mjs", address, KNOWN, UNKNOWN)
    ]

    assert [each["data"] for each in answers] == [{"__typename": "Query"}] * 2
    assert [each["sent"] for each in answers] == [["hash", "text"], ["text"]]
