"""The plain WebSocket topics, from outside: who gets in, what is told, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients import DEADLINE, Json, Person, ask, sign_up
from tests.server import Server

AT_ONCE = 2.0
"""Seconds; less than the time between two looks, so that only a ring explains it."""

_names = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("topics"), DJANGO_SETTINGS_MODULE="tests.schema.server_settings"
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _quiet(server: Server) -> Iterator[None]:
    before = len(server.log.read_text())
    yield
    said = server.log.read_text()[before:]
    assert "Traceback" not in said, said


async def _person(server: Server, name: str) -> Person:
    return await sign_up(server.http, server.ws, f"{name}{next(_names)}")


@pytest.fixture
async def alice(server: Server) -> Person:
    return await _person(server, "alice")


@pytest.fixture
async def bob(server: Server) -> Person:
    return await _person(server, "bob")


async def _room(owner: Person, access: str = "OPEN") -> Json:
    room: Json = (await owner.do("createRoom", title="Room", access=access))["room"]
    return room


async def _frame(topic: ClientConnection) -> Json:
    async with asyncio.timeout(DEADLINE):
        frame: Json = json.loads(await topic.recv())
        return frame


async def _frames(topic: ClientConnection, number: int) -> list[Json]:
    return [await _frame(topic) for _ in range(number)]


async def _live(topic: ClientConnection) -> str:
    """The cursor at which the stream is live, with nothing before."""
    frame = await _frame(topic)
    assert frame.pop("cursor")
    assert frame == {"type": "caught_up", "kwargs": {}}
    return str(frame)


async def _closed(
    topic: ClientConnection, within: float = DEADLINE
) -> tuple[list[Json], int | None]:
    """What is still told, and the code with which the server closes."""
    frames = []
    async with asyncio.timeout(within):
        try:
            while True:
                frames.append(json.loads(await topic.recv()))
        except ConnectionClosed:
            return frames, topic.close_code


async def _code(server: Server, path: str, headers: dict[str, str] | None = None) -> int | None:
    async with connect(f"{server.ws}/ws/{path}", additional_headers=headers) as topic:
        frames, code = await _closed(topic)
        assert frames == []
        return code


def _said(frames: list[Json]) -> list[str]:
    return [frame["kwargs"]["message"] for frame in frames]


# Who gets in


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "Basic x"], ids=str)
async def test_who_is_signed_out_is_told_so(
    server: Server, alice: Person, authorization: str | None
) -> None:
    room = await _room(alice)
    headers = {} if authorization is None else {"Authorization": authorization}

    for path in (
        f"room/{room['databaseId']}",
        f"user/{alice.database_id}",
        "room/999999",
        "room/x",
    ):
        assert await _code(server, path, headers) == 4401


@pytest.mark.parametrize(
    "room_id",
    ["999999", "0", "-1", "x", "1.0", "%00", "%F0%9F%98%80", "9" * 18, "9" * 19, "9" * 5_000],
)
async def test_a_room_that_is_not_there_is_not_found(
    server: Server, alice: Person, room_id: str
) -> None:
    assert await _code(server, f"room/{room_id}", alice.headers) == 4404


async def test_only_members_follow_a_room(server: Server, alice: Person, bob: Person) -> None:
    """G5: who asks to come in is outside."""
    room = await _room(alice, "BY_REQUEST")
    await bob.do("requestToJoin", joinCode=room["joinCode"])

    assert await _code(server, f"room/{room['databaseId']}", bob.headers) == 4403


async def test_only_oneself_follows_ones_topic(server: Server, alice: Person, bob: Person) -> None:
    """G5"""
    for user_id in (alice.database_id, 999_999, "x", "0", "9" * 30):
        assert await _code(server, f"user/{user_id}", bob.headers) == 4403


async def test_a_cursor_of_another_stream_is_refused(
    server: Server, alice: Person, bob: Person
) -> None:
    room, other = await _room(alice), await _room(alice)
    path = f"room/{room['databaseId']}"
    await bob.do("joinRoom", roomId=room["id"])
    his = await bob.ask("query ($id: ID!) { room(id: $id) { eventCursor } }", id=room["id"])
    cursor = room["eventCursor"]
    wrong = ["", "x", "%ff", "%00", cursor[:-1], cursor + "A", other["eventCursor"], "x" * 5_000]

    for after in [*wrong, his["room"]["eventCursor"]]:
        assert await _code(server, f"{path}?after={after}", alice.headers) == 4400
    assert await _code(server, f"user/{alice.database_id}?after={cursor}", alice.headers) == 4400


async def test_a_cookie_says_who_it_is_and_a_header_goes_before_it(
    server: Server, alice: Person, bob: Person
) -> None:
    name = (await bob.ask("{ viewer { user { username } } }"))["viewer"]["user"]["username"]
    async with httpx.AsyncClient(timeout=DEADLINE) as client:
        query = "mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }"
        given = {"username": name, "password": f"{name}-anteroom-5812"}
        body = {"query": query, "variables": {"input": given}}
        await client.post(f"{server.http}/graphql", json=body)
        cookie = {"Cookie": f"sessionid={client.cookies['sessionid']}"}

    async with connect(
        f"{server.ws}/ws/user/{bob.database_id}", additional_headers=cookie
    ) as topic:
        await _live(topic)
    both = {**cookie, **alice.headers}
    assert await _code(server, f"user/{bob.database_id}", both) == 4403
    assert await _code(server, f"user/{bob.database_id}", {**cookie, "Authorization": "x"}) == 4401


async def test_a_handshake_from_a_foreign_page_is_refused(server: Server, alice: Person) -> None:
    path = f"{server.ws}/ws/user/{alice.database_id}"
    foreign = {**alice.headers, "Origin": "https://evil.test"}

    with pytest.raises(InvalidStatus) as refused:
        async with connect(path, additional_headers=foreign):
            pass
    assert refused.value.response.status_code == 403
    own = {**alice.headers, "Origin": server.http}
    async with connect(path, additional_headers=own) as topic:
        await _live(topic)


# What is told


async def test_a_request_to_join_is_told_to_the_owner_with_who_asks(
    alice: Person, bob: Person
) -> None:
    """G4"""
    room = await _room(alice, "BY_REQUEST")
    async with alice.topic(f"room/{room['databaseId']}") as owners:
        await _live(owners)
        asked = (await bob.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
        created = await _frame(owners)

    user = created["kwargs"].pop("requesting_user")
    assert created.pop("cursor")
    assert created == {
        "type": "did_alter_join_request",
        "kwargs": {"id": str(asked["databaseId"]), "action": "create"},
    }
    assert set(user) == {"id", "first_name", "last_name"}
    assert user["id"] == str(bob.database_id)


async def test_an_admission_is_told_to_the_owner_and_to_who_is_let_in(
    alice: Person, bob: Person
) -> None:
    """G4"""
    room = await _room(alice, "BY_REQUEST")
    asked = (await bob.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
    async with (
        alice.topic(f"room/{room['databaseId']}") as owners,
        bob.topic(f"user/{bob.database_id}") as bobs,
    ):
        await _live(owners)
        await _live(bobs)
        await alice.do("admitJoinRequest", joinRequestId=asked["id"])
        told, about_bob = await _frames(owners, 2), await _frames(bobs, 2)

    by_type = {frame["type"]: frame["kwargs"] for frame in told}
    assert by_type["did_alter_join_request"] == {
        "id": str(asked["databaseId"]),
        "action": "admit",
        "requesting_user": None,
    }
    assert by_type["member_joined"]["user"]["id"] == str(bob.database_id)
    assert [frame["type"] for frame in about_bob] == ["did_alter_join_request", "room_joined"]


async def test_what_only_the_owner_may_know_is_told_to_the_owner_alone(
    server: Server, alice: Person, bob: Person
) -> None:
    """G4, G5: in the order of the offsets."""
    room, carol = await _room(alice, "BY_REQUEST"), await _person(server, "carol")
    await _let_in(bob, room, by=alice)
    path = f"room/{room['databaseId']}"
    async with alice.topic(path) as owners, bob.topic(path) as members:
        await _live(owners)
        await _live(members)
        hers = (await carol.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
        await carol.do("withdrawJoinRequest", joinRequestId=hers["id"])
        hers = (await carol.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
        await alice.do("denyJoinRequest", joinRequestId=hers["id"])
        await alice.do("rotateJoinCode", roomId=room["id"])
        told = await _frames(owners, 5)
        await alice.do("renameRoom", roomId=room["id"], title="New")
        next_for_all = [await _frame(topic) for topic in (owners, members)]

    actions = [frame["kwargs"].get("action") for frame in told]
    assert actions == ["create", "withdraw", "create", "deny", None]
    assert told[-1]["type"] == "join_code_rotated"
    assert [frame["type"] for frame in next_for_all] == ["room_renamed", "room_renamed"]


async def test_titles_and_messages_are_told_to_everyone_in_the_room(
    alice: Person, bob: Person
) -> None:
    """G4"""
    room = await _room(alice, "BY_REQUEST")
    await _let_in(bob, room, by=alice)
    path = f"room/{room['databaseId']}"
    async with alice.topic(path) as owners, bob.topic(path) as members:
        await _live(owners)
        await _live(members)
        await alice.do("renameRoom", roomId=room["id"], title="New")
        sent = (await bob.do("sendMessage", roomId=room["id"], text="Hello"))["sentMessage"]
        shared = [await _frames(topic, 2) for topic in (owners, members)]

    for renamed, message in shared:
        assert (renamed["type"], message["type"]) == ("room_renamed", "chat_message_created")
        assert renamed["kwargs"] == {"id": str(room["databaseId"]), "title": "New"}
        said = message["kwargs"]
        assert (said["id"], said["message"]) == (str(sent["databaseId"]), "Hello")
        assert said["sender"]["id"] == str(bob.database_id)


async def test_a_deletion_is_the_last_that_is_told_of_a_room(
    server: Server, alice: Person, bob: Person
) -> None:
    """G4"""
    room = await _room(alice, "BY_REQUEST")
    await _let_in(bob, room, by=alice)
    path = f"room/{room['databaseId']}"
    async with (
        alice.topic(path) as owners,
        bob.topic(path) as members,
        bob.topic(f"user/{bob.database_id}") as bobs,
    ):
        for topic in (owners, members, bobs):
            await _live(topic)
        await alice.do("deleteRoom", roomId=room["id"])
        ends = [await _closed(topic) for topic in (owners, members)]
        left = await _frame(bobs)

    for frames, code in ends:
        told = [(frame["type"], frame["kwargs"]) for frame in frames]
        assert told == [("room_deleted", {"id": str(room["databaseId"])})]
        assert code == 4404
    assert left["type"] == "room_left"
    assert await _code(server, path, alice.headers) == 4404


async def _let_in(person: Person, room: Json, *, by: Person) -> None:
    asked = (await person.do("requestToJoin", joinCode=room["joinCode"]))["joinRequest"]
    await by.do("admitJoinRequest", joinRequestId=asked["id"])


async def test_a_topic_resumes_after_the_cursor_of_the_last_frame(alice: Person) -> None:
    """G1, G2"""
    room = await _room(alice)
    path = f"room/{room['databaseId']}"
    async with alice.topic(path) as topic:
        await _live(topic)
        await alice.do("sendMessage", roomId=room["id"], text="One")
        cursor = (await _frame(topic))["cursor"]
    for text in ("Two", "Three"):
        await alice.do("sendMessage", roomId=room["id"], text=text)

    async with alice.topic(path, after=cursor) as topic:
        replayed = await _frames(topic, 2)
        await _live(topic)
        await alice.do("sendMessage", roomId=room["id"], text="Four")
        live = await _frames(topic, 1)

    assert _said(replayed + live) == ["Two", "Three", "Four"]


async def test_a_topic_goes_on_from_a_query(alice: Person) -> None:
    """G2: the two kinds of clients share cursors."""
    room = await _room(alice)
    await alice.do("sendMessage", roomId=room["id"], text="One")
    query = "query ($id: ID!) { room(id: $id) { eventCursor } }"
    cursor = (await alice.ask(query, id=room["id"]))["room"]["eventCursor"]
    await alice.do("sendMessage", roomId=room["id"], text="Two")

    async with alice.topic(f"room/{room['databaseId']}", after=cursor) as topic:
        assert _said(await _frames(topic, 1)) == ["Two"]


async def test_what_the_client_sends_is_ignored(alice: Person) -> None:
    room = await _room(alice)
    async with alice.topic(f"room/{room['databaseId']}") as topic:
        await _live(topic)
        sent: list[Any] = [
            "",
            "x",
            "{",
            '{"type": "ping"}',
            b"",
            b"\xff\0",
            "x" * 100_000,
            "[" * 10_000,
        ]
        for frame in sent:
            await topic.send(frame)
        await alice.do("sendMessage", roomId=room["id"], text="Hello")

        assert _said(await _frames(topic, 1)) == ["Hello"]


async def test_replayed_frames_are_the_live_ones(alice: Person) -> None:
    room = await _room(alice)
    path = f"room/{room['databaseId']}"
    async with alice.topic(path) as topic:
        await _live(topic)
        await alice.do("sendMessage", roomId=room["id"], text="One", clientMutationId="1")
        await alice.do("renameRoom", roomId=room["id"], title="New")
        live = await _frames(topic, 2)
    async with alice.topic(path, after=room["eventCursor"]) as topic:
        assert await _frames(topic, 2) == live


# How it ends


@pytest.mark.parametrize(("how", "reason"), [("removeMember", "REMOVED"), ("leaveRoom", "LEFT")])
async def test_a_membership_that_ends_is_told_and_ends_the_topic(
    alice: Person, bob: Person, how: str, reason: str
) -> None:
    """G5: and nothing that follows is told."""
    room = await _room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    user = (await bob.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"]
    async with bob.topic(f"room/{room['databaseId']}") as topic:
        await _live(topic)
        if how == "leaveRoom":
            await bob.do(how, roomId=room["id"])
        else:
            await alice.do(how, roomId=room["id"], userId=user)
        await alice.do("sendMessage", roomId=room["id"], text="secret")

        frames, code = await _closed(topic)

    assert frames == [{"type": "access_revoked", "kwargs": {"reason": reason}}]
    assert code == 4403


async def test_a_cursor_that_has_expired_is_told_and_ends_the_topic(
    server: Server, alice: Person
) -> None:
    """G8"""
    room = await _room(alice)
    path = f"room/{room['databaseId']}"
    for number in range(5):
        await alice.do("sendMessage", roomId=room["id"], text=str(number))
    await asyncio.to_thread(server.manage, "prune_events", "--events", "1")

    async with alice.topic(path, after=room["eventCursor"]) as topic:
        frames, code = await _closed(topic)

    assert frames == [{"type": "cursor_expired", "kwargs": {"reason": "RETENTION"}}]
    assert code == 4400


async def test_signing_out_closes_the_topics_of_that_session_at_once(
    server: Server, alice: Person
) -> None:
    """G10: by the ring."""
    name = (await alice.ask("{ viewer { user { username } } }"))["viewer"]["user"]["username"]
    given = {"username": name, "password": f"{name}-anteroom-5812"}
    query = (
        "mutation ($input: SignInInput!) { signIn(input: $input)"
        " { ... on SignInSuccess { token } } }"
    )
    token = (await ask(server.http, query, {"input": given}))["signIn"]["token"]
    elsewhere = Person(server.http, server.ws, token, alice.database_id)
    room = await _room(alice)
    paths = [f"user/{alice.database_id}", f"room/{room['databaseId']}"]
    async with (
        alice.topic(paths[0]) as one,
        alice.topic(paths[1]) as two,
        elsewhere.topic(paths[1]) as other,
    ):
        for topic in (one, two, other):
            await _live(topic)
        await alice.ask("mutation { signOut { __typename } }")

        for topic in (one, two):
            assert await _closed(topic, AT_ONCE) == ([], 4401)
        await elsewhere.do("sendMessage", roomId=room["id"], text="still here")
        assert _said(await _frames(other, 1)) == ["still here"]


async def test_deactivation_closes_a_topic_within_five_seconds(
    server: Server, alice: Person
) -> None:
    """G10: here without a ring, from another process."""
    async with alice.topic(f"user/{alice.database_id}") as topic:
        await _live(topic)
        script = (
            "from django.contrib.auth.models import User;"
            f"User.objects.filter(pk={alice.database_id}).update(is_active=False)"
        )
        await asyncio.to_thread(server.manage, "shell", "-c", script)

        frames, code = await _closed(topic, 5.0)

    assert frames in ([], [{"type": "access_revoked", "kwargs": {"reason": "SIGNED_OUT"}}])
    assert code == 4401
