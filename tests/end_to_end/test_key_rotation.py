"""A new SECRET_KEY: what the former one signed is good for as long as it is a fallback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import pytest
from django.core.signing import BadSignature, Signer
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import DEADLINE, SUBPROTOCOL, GraphQLSocket, Json, Person
from tests.end_to_end.conftest import BOSS_PASSWORD, Room, Town, cursor_of, say
from tests.end_to_end.streams import Ended, Told, Wire, following
from tests.server import Server

FORMER = "the-former-key-of-this-house-was-long-enough-for-many-years-5812"
NEW = "the-new-key-of-this-house-nobody-outside-has-ever-seen-it-0417"
WIRES: list[Wire] = ["graphql", "plain", "sse", "multipart"]

By = Literal["token", "cookie"]
WAYS: list[By] = ["token", "cookie"]


@dataclass
class Visitor(Person):
    """Somebody who is signed in by the cookies of a browser."""

    cookies: httpx.Cookies | None = None

    @property
    def headers(self) -> dict[str, str]:
        assert self.cookies is not None
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie, "X-CSRFToken": self.cookies["csrftoken"]}


@dataclass
class Issued:
    """What was given out under one key: to Bob, and in a room that he is in."""

    token: Person
    cookie: Visitor
    room: Room
    cursor: str
    """Before the message "Meanwhile"."""

    def by(self, way: By) -> Person:
        return self.token if way == "token" else self.cookie


async def issued(town: Town, room: Room) -> Issued:
    bob = town.bob
    cookie = await signed_in_by_cookie(bob, "bob", "bob-anteroom-5812")
    token = Person(bob.http, bob.ws, cookie.token, bob.database_id)
    cursor = await cursor_of(token, room)
    await say(town.alice, room, "Meanwhile")
    return Issued(token, cookie, room, cursor)


async def signed_in_by_cookie(person: Person, username: str, password: str) -> Visitor:
    text = f'mutation {{ signIn(input: {{username: "{username}", password: "{password}"}}) {{'
    query = f"{text} ... on SignInSuccess {{ token }} }} }}"
    async with httpx.AsyncClient(timeout=DEADLINE, base_url=person.http) as client:
        answer = (await client.post("/graphql", json={"query": query})).json()
        token = answer["data"]["signIn"]["token"]
        return Visitor(person.http, person.ws, token, person.database_id, client.cookies)


def restart(server: Server, key: str, *fallbacks: str) -> None:
    server.stop()
    server.environment |= {"SECRET_KEY": key, "SECRET_KEY_FALLBACKS": ",".join(fallbacks)}
    server.start()


@dataclass
class House:
    server: Server
    town: Town
    former: Issued
    new: Issued
    ends: list[int | str]
    """How Bob's streams ended when the server stopped to get the new key."""


async def _watched(was: Issued, act: Callable[[], None]) -> list[int | str]:
    """Let Bob follow over every wire while ``act`` is done; return how each stream ended."""
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(following(was.by(way), was.room.database_id, wire=wire))
            for wire in WIRES
            for way in WAYS
        ]
        for stream in streams:
            assert (await stream.next()).kind == "CaughtUp"
        await asyncio.to_thread(act)
        return [(await stream.rest())[1] for stream in streams]


@contextmanager
def rotated(directory: Path) -> Iterator[House]:
    """A house whose server got the new key, with the former as a fallback."""
    server = Server(directory, SECRET_KEY=FORMER)
    server.start()
    try:
        town = Town(server)
        room = asyncio.run(town.room(town.bob))
        former = asyncio.run(issued(town, room))
        ends = asyncio.run(_watched(former, lambda: restart(server, NEW, FORMER)))
        yield House(server, town, former, asyncio.run(issued(town, room)), ends)
    finally:
        server.stop()
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The server signs by the new key, and honours the former."""
    with rotated(tmp_path_factory.mktemp("rotated")) as house:
        yield house


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The same after the fallback was taken away."""
    with rotated(tmp_path_factory.mktemp("later")) as house:
        restart(house.server, NEW)
        yield house


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", WIRES)
async def test_a_stream_goes_on_after_the_rotation_as_if_nothing_had_been(
    house: House, wire: Wire, way: By
) -> None:
    """G1: the credentials and the cursor are the former key's."""
    was = house.former

    async with following(was.by(way), was.room.database_id, was.cursor, wire) as stream:
        replayed = await stream.take_until(lambda told: told.kind == "CaughtUp")
        await say(house.town.alice, was.room, "Live")
        live = await stream.next()

    assert replayed[0] == Told("MessageSent", "Meanwhile")
    assert live == Told("MessageSent", "Live")


def test_streams_that_were_open_ended_so_that_they_come_back(house: House) -> None:
    assert set(house.ends) == {1012}


_PULL = "query ($id: ID!, $after: Cursor!) { roomEvents(roomId: $id, after: $after) { cursor } }"


@pytest.mark.parametrize("way", WAYS)
async def test_queries_and_changes_take_what_the_former_key_signed(house: House, way: By) -> None:
    was, bob = house.former, house.former.by(way)

    page = await bob.ask(_PULL, id=was.room.id, after=was.cursor)
    sent = await bob.do("sendMessage", roomId=was.room.id, text="By the former key")

    assert page["roomEvents"]["cursor"]
    assert sent["__typename"] == "SendMessageSuccess"


def test_new_tokens_are_signed_by_the_new_key_alone(house: House) -> None:
    def signer(key: str) -> Signer:
        return Signer(key=key, salt="accounts.tokens", sep=".", fallback_keys=[])

    assert signer(NEW).unsign(house.new.token.token)
    assert signer(FORMER).unsign(house.former.token.token)
    with pytest.raises(BadSignature):
        signer(FORMER).unsign(house.new.token.token)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", WIRES)
async def test_what_the_new_key_signed_outlives_the_fallback(
    later: House, wire: Wire, way: By
) -> None:
    now = later.new

    async with following(now.by(way), now.room.database_id, now.cursor, wire) as stream:
        assert await stream.next() == Told("MessageSent", "Meanwhile")


REFUSED: dict[tuple[Wire, By], int | str] = {
    ("graphql", "token"): 4403,
    ("graphql", "cookie"): "UNAUTHENTICATED",
    **{(wire, way): "UNAUTHENTICATED" for wire in ("sse", "multipart") for way in WAYS},
    **{("plain", way): 4401 for way in WAYS},
}


@pytest.mark.parametrize(("wire", "way"), REFUSED, ids=str)
async def test_without_the_fallback_the_former_credentials_are_nobody_s(
    later: House, wire: Wire, way: By
) -> None:
    was = later.former
    if (wire, way) == ("graphql", "token"):
        assert await _init_closes_with(was.token) == 4403
        return

    async with following(was.by(way), was.room.database_id, was.cursor, wire) as stream:
        with pytest.raises(Ended) as ended:
            await stream.next()

    assert ended.value.how == REFUSED[wire, way]


async def _init_closes_with(person: Person) -> int:
    async with connect(f"{person.ws}/graphql", subprotocols=[SUBPROTOCOL]) as connection:
        await GraphQLSocket(connection).send({"type": "connection_init", "payload": person.headers})
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(DEADLINE):
                await connection.recv()
        assert connection.close_code is not None
        return connection.close_code


@pytest.mark.parametrize("way", WAYS)
async def test_without_the_fallback_a_query_sees_nobody(later: House, way: By) -> None:
    assert await later.former.by(way).ask("{ viewer { user { id } } }") == {"viewer": None}


@pytest.mark.parametrize("wire", WIRES)
async def test_without_the_fallback_a_former_cursor_is_invalid(later: House, wire: Wire) -> None:
    now, was = later.new, later.former

    async with following(now.token, now.room.database_id, was.cursor, wire) as stream:
        with pytest.raises(Ended) as ended:
            await stream.next()

    assert ended.value.how == (4400 if wire == "plain" else "INVALID")
    assert await _code_of_pull(now.token, now.room, was.cursor) == "INVALID"


async def _code_of_pull(person: Person, room: Room, cursor: str) -> str:
    body: Json = {"query": _PULL, "variables": {"id": room.id, "after": cursor}}
    async with httpx.AsyncClient(timeout=DEADLINE, headers=person.headers) as client:
        response = await client.post(f"{person.http}/graphql", json=body)
    assert response.status_code < 500
    return str(response.json()["errors"][0]["extensions"]["code"])


async def test_a_session_that_the_admin_site_has_seen_is_made_anew_under_the_new_key(
    tmp_path: Path,
) -> None:
    """Django's own upgrade: another session key, and the hash of the password by the new key."""
    server = Server(tmp_path, SECRET_KEY=FORMER, DJANGO_SUPERUSER_PASSWORD=BOSS_PASSWORD)
    server.start()
    server.manage("createsuperuser", "--noinput", "--username=boss", "--email=boss@example.com")
    boss = await signed_in_by_cookie(Person(server.http, server.ws, "", 0), "boss", BOSS_PASSWORD)
    former = boss.headers
    await asyncio.to_thread(restart, server, NEW, FORMER)
    assert boss.cookies is not None

    async with httpx.AsyncClient(
        base_url=server.http, cookies=boss.cookies, timeout=DEADLINE
    ) as browser:
        page = await browser.get("/admin/")
        boss.cookies = browser.cookies
    await asyncio.to_thread(restart, server, NEW)

    assert page.status_code == 200
    assert boss.headers["Cookie"] != former["Cookie"]
    assert (await boss.ask("{ viewer { user { username } } }"))["viewer"]
    server.stop()
