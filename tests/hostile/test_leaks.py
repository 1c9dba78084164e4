"""G5, by brute force: plant secrets in a room, and look for them in all that others receive."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.clients import DEADLINE, SUBPROTOCOL, TLS, GraphQLSocket, Json, Person, sign_up
from tests.end_to_end.http_streams import ACCEPTED
from tests.hostile.settled import Settled, global_id, let_in, settle
from tests.server import Server

pytestmark = pytest.mark.usefixtures("quiet")

OUTSIDERS = ("signed_out", "stranger", "requester", "former", "staff")
INSIDERS = ("owner", "member")
"""They listen beside them, so that there is something that could be told to the wrong person."""

PREVIEW = "id roomId title access owner { id username firstName }"
USER = "id databaseId username firstName lastName"
MESSAGE = f"id text room {{ {PREVIEW} }} sender {{ {USER} }}"
ASKED = f"id status room {{ {PREVIEW} }} user {{ {USER} }}"
EVENT = f"""
__typename
... on Event {{ cursor occurredAt }}
... on MessageSent {{ clientMutationId message {{ {MESSAGE} }} }}
... on MemberJoined {{ user {{ {USER} }} }}
... on MemberLeft {{ user {{ {USER} }} }}
... on RoomRenamed {{ room {{ {PREVIEW} }} }}
... on RoomJoined {{ room {{ {PREVIEW} }} }}
... on RoomLeft {{ roomId }}
... on RoomDeleted {{ roomId }}
... on JoinRequestCreated {{ joinRequest {{ {ASKED} }} }}
... on JoinRequestAdmitted {{ joinRequest {{ {ASKED} }} }}
... on JoinRequestDenied {{ joinRequest {{ {ASKED} }} }}
... on JoinRequestWithdrawn {{ joinRequest {{ {ASKED} }} }}
... on JoinCodeRotated {{ joinCode }}
... on AccessRevoked {{ reason }}
... on CursorExpired {{ reason }}
"""
ROOM_EVENT = EVENT.replace(f"... on RoomJoined {{ room {{ {PREVIEW} }} }}\n", "").replace(
    "... on RoomLeft { roomId }\n", ""
)
USER_EVENT = "\n".join(
    line
    for line in EVENT.splitlines()
    if not any(
        f"on {kind} " in line
        for kind in (
            *("MessageSent", "MemberJoined", "MemberLeft", "RoomRenamed"),
            *("RoomDeleted", "JoinCodeRotated"),
        )
    )
)
ROOM = f"""
id title joinCode eventCursor viewerRole owner {{ {USER} }}
members(first: 9) {{ nodes {{ {USER} }} }}
messages(last: 9) {{ nodes {{ {MESSAGE} }} }}
joinRequests(first: 9) {{ nodes {{ {ASKED} }} }}
"""
QUERIES = {
    "viewer": f"{{ viewer {{ user {{ {USER} }} rooms(first: 9) {{ nodes {{ {ROOM} }} }}"
    f" joinRequests(first: 9) {{ nodes {{ {ASKED} }} }} sessions {{ id userAgent }} }} }}",
    "room": f"query ($room: ID!) {{ room(id: $room) {{ {ROOM} }} }}",
    "openRooms": f"query ($word: String) {{ openRooms(first: 100) {{ nodes {{ {PREVIEW} }} }}"
    f" found: openRooms(search: $word) {{ nodes {{ {PREVIEW} }} }} }}",
    "roomPreview": f'{{ roomPreview(joinCode: "guessed") {{ {PREVIEW} }} }}',
    "roomEvents": "query ($room: ID!, $after: Cursor!) { roomEvents(roomId: $room, after: $after)"
    f" {{ cursor events {{ {ROOM_EVENT} }} }} }}",
    "userEvents": "query ($after: Cursor!) { userEvents(after: $after)"
    f" {{ cursor events {{ {USER_EVENT} }} }} }}",
    "node": f"query ($id: ID!) {{ node(id: $id) {{ __typename id ... on Room {{ {ROOM} }}"
    f" ... on Message {{ {MESSAGE} }} ... on JoinRequest {{ {ASKED} }}"
    f" ... on User {{ {USER} }} }} }}",
}
DEEDS = {
    "renameRoom": "{roomId: $room, title: $word}",
    "rotateJoinCode": "{roomId: $room}",
    "deleteRoom": "{roomId: $room}",
    "joinRoom": "{roomId: $room}",
    "requestToJoin": "{joinCode: $word}",
    "withdrawJoinRequest": "{joinRequestId: $request}",
    "admitJoinRequest": "{joinRequestId: $request}",
    "denyJoinRequest": "{joinRequestId: $request}",
    "removeMember": "{roomId: $room, userId: $user}",
    "leaveRoom": "{roomId: $room}",
    "sendMessage": "{roomId: $room, text: $word}",
}


@dataclass
class Ear:
    """All that one person receives, word for word, by where it came from."""

    heard: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self, name: str, connection: ClientConnection) -> None:
        self._tasks.append(asyncio.create_task(self._hear_socket(name, connection)))

    def read(self, name: str, response: httpx.Response) -> None:
        self._hear(name, str(response.headers))
        self._tasks.append(asyncio.create_task(self._hear_response(name, response)))

    def note(self, response: httpx.Response) -> Json:
        self._hear("answers", f"{response.headers} {response.text}")
        answer: Json = response.json()
        return answer

    async def has_heard(self, word: str, *names: str) -> None:
        """Wait until ``word`` has come from all of them."""
        async with asyncio.timeout(DEADLINE):
            while not all(word in self.heard[name] for name in names):
                self._more.clear()
                await self._more.wait()

    async def _hear_socket(self, name: str, connection: ClientConnection) -> None:
        try:
            async for frame in connection:
                self._hear(name, str(frame))
        except ConnectionClosed:
            pass
        self._hear(name, connection.close_reason or "")

    async def _hear_response(self, name: str, response: httpx.Response) -> None:
        async for chunk in response.aiter_text():
            self._hear(name, chunk)

    def _hear(self, name: str, said: str) -> None:
        self.heard[name] += said
        self._more.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@dataclass(frozen=True)
class Planted:
    """What nobody outside the room may read, and the ids of the rows that it stands in."""

    words: dict[str, str]
    identifiers: list[str]
    request: str
    user: str


@asynccontextmanager
async def _listening(
    settled: Settled, common: Json, standings: Sequence[str]
) -> AsyncIterator[dict[str, Ear]]:
    """Some people, on all streams that they may follow and some that they may not."""
    async with AsyncExitStack() as stack:
        ears = {standing: Ear() for standing in standings}
        for standing, ear in ears.items():
            person = settled.people.get(standing)
            headers = person.headers if person else {}
            for path in _paths(settled, person, common):
                topic = connect(f"{settled.server.ws}/ws/{path}", additional_headers=headers)
                ear.listen(path, await stack.enter_async_context(topic))
            await _subscribe(stack, settled, headers, ear, common)
            await _subscribe_over_http(stack, settled, headers, ear, common)
            stack.push_async_callback(ear.stop)
        yield ears


def _paths(settled: Settled, person: Person | None, common: Json) -> Iterator[str]:
    yield settled.path
    yield f"{settled.path}?after={settled.members_cursor}"
    yield f"user/{settled.owner.database_id}"
    yield f"room/{common['databaseId']}"
    if person is not None:
        yield f"user/{person.database_id}"


async def _subscribe(
    stack: AsyncExitStack, settled: Settled, headers: dict[str, str], ear: Ear, common: Json
) -> None:
    address = f"{settled.server.ws}/graphql"
    connection = await stack.enter_async_context(
        connect(address, subprotocols=[SUBPROTOCOL], additional_headers=headers)
    )
    socket = GraphQLSocket(connection)
    await socket.initialise()
    for name, (query, variables) in _subscriptions(settled, common).items():
        await socket.subscribe(name, query, **variables)
    ear.listen("socket", connection)


async def _subscribe_over_http(
    stack: AsyncExitStack, settled: Settled, headers: dict[str, str], ear: Ear, common: Json
) -> None:
    patient = httpx.Timeout(DEADLINE, read=None)
    client = httpx.AsyncClient(headers=headers, timeout=patient, verify=TLS)
    await stack.enter_async_context(client)
    for wire, accepted in ACCEPTED.items():
        for name, (query, variables) in _subscriptions(settled, common).items():
            given = {"Accept": accepted, "Last-Event-ID": variables.get("after", "")}
            body = {"query": query, "variables": variables}
            asked = client.stream(
                "POST", f"{settled.server.http}/graphql", json=body, headers=given
            )
            ear.read(f"{wire} {name}", await stack.enter_async_context(asked))


def _subscriptions(settled: Settled, common: Json) -> dict[str, tuple[str, Json]]:
    room = (
        "subscription ($room: ID!, $after: Cursor)"
        f" {{ roomEvents(roomId: $room, after: $after) {{ {ROOM_EVENT} }} }}"
    )
    secret = {"room": settled.room["id"]}
    return {
        "secret": (room, secret),
        "missed": (room, {**secret, "after": settled.members_cursor}),
        "common": (room, {"room": common["id"]}),
        "self": (f"subscription {{ userEvents {{ {USER_EVENT} }} }}", {}),
    }


def _places(name: str, room: Json) -> list[str]:
    """Where the events of a room come from, for those who follow it."""
    return [f"room/{room['databaseId']}", "socket", *(f"{wire} {name}" for wire in ACCEPTED)]


async def _common_room(settled: Settled) -> Json:
    """An open room that the owner shares with everyone from outside."""
    common: Json = (await settled.owner.do("createRoom", title="Common", access="OPEN"))["room"]
    for standing in OUTSIDERS[1:]:
        await settled.people[standing].do("joinRoom", roomId=common["id"])
    return common


async def _plant(settled: Settled) -> Planted:
    """Do everything in the room that can be done there, with words that can be found again."""
    words = {
        name: f"{name}{uuid4().hex[:8]}" for name in ("title", "text", "guest", "asker", "name")
    }
    server, owner, room = settled.server, settled.owner, settled.room
    guest, asker = [await sign_up(server.http, server.ws, words[who]) for who in ("guest", "asker")]
    await let_in(guest, room, owner)
    asked = (await asker.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
    sent = await guest.do(
        "sendMessage", roomId=room["id"], text=words["text"], clientMutationId=words["name"]
    )
    renamed = (await owner.do("renameRoom", roomId=room["id"], title=words["title"]))["room"]
    rotated = (await owner.do("rotateJoinCode", roomId=room["id"]))["room"]
    guest_id = await global_id(guest)
    return Planted(
        {
            **words,
            "title": renamed["title"],
            "code": rotated["joinCode"],
            "owner's cursor": rotated["eventCursor"],
            "guest's token": guest.token,
            "owner's token": owner.token,
            "password": f"{words['guest']}-anteroom-5812",
        },
        [room["id"], asked["id"], sent["sentMessage"]["id"], guest_id, await global_id(asker)],
        asked["id"],
        guest_id,
    )


async def _pry(settled: Settled, planted: Planted, person: Person | None, ear: Ear) -> None:
    """Ask everything that can be asked, with all ids known, and try every change."""
    headers = person.headers if person else {}
    variables = {
        "room": settled.room["id"],
        "word": "word",
        "after": settled.members_cursor,
        "request": planted.request,
        "user": planted.user,
    }
    async with httpx.AsyncClient(headers=headers, timeout=DEADLINE, verify=TLS) as client:

        async def ask(query: str, **more: str) -> None:
            body = {"query": query, "variables": {**variables, **more}}
            answer = ear.note(await client.post(f"{settled.server.http}/graphql", json=body))
            assert "data" in answer, answer

        for name, query in QUERIES.items():
            if name != "node":
                await ask(query)
        for identifier in planted.identifiers:
            await ask(QUERIES["node"], id=identifier)
        for name, given in DEEDS.items():
            await ask(_mutation(name, given))


def _mutation(name: str, given: str) -> str:
    types = {"$room": "ID!", "$word": "String!", "$request": "ID!", "$user": "ID!"}
    declared = ", ".join(f"{each}: {types[each]}" for each in types if each in given)
    return (
        f"mutation ({declared}) {{ {name}(input: {given})"
        " { __typename ... on Error { code message } } }"
    )


async def test_what_is_in_a_room_reaches_nobody_outside_it_nor_the_log(server: Server) -> None:
    settled = await settle(server)
    common = await _common_room(settled)

    async with _listening(settled, common, (*OUTSIDERS, *INSIDERS)) as ears:
        planted = await _plant(settled)
        for standing in OUTSIDERS:
            await _pry(settled, planted, settled.people.get(standing), ears[standing])
        end = await settled.owner.do("sendMessage", roomId=common["id"], text=uuid4().hex)
        for standing in OUTSIDERS[1:]:
            await ears[standing].has_heard(end["sentMessage"]["text"], *_places("common", common))

    found = {
        (standing, name)
        for standing in OUTSIDERS
        for name, word in planted.words.items()
        if word in "\n".join(ears[standing].heard.values())
    }
    # Whoever waits at the door sees what it is called now.
    assert found == {("requester", "title")}
    log = server.log.read_text()
    assert not [name for name, word in planted.words.items() if word in log]


async def test_what_is_searched_for_is_there_to_be_found(server: Server) -> None:
    """The same questions, asked by one who may know: else finding nothing would prove little."""
    settled = await settle(server)
    common = await _common_room(settled)

    async with _listening(settled, common, ["member"]) as ears:
        planted = await _plant(settled)
        ear = ears["member"]
        await _pry(settled, planted, settled.people["member"], ear)
        for name in ("title", "text", "guest"):
            await ear.has_heard(planted.words[name], "answers", *_places("secret", settled.room))

    heard = "\n".join(ear.heard.values())
    assert {name for name, word in planted.words.items() if word in heard} == {
        *("title", "text", "guest", "name"),
    }
