"""Servers that die or stop, and readers that stall, while others write: nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import WebSocketException

from tests.clients import DEADLINE, TLS, Json, Person
from tests.end_to_end.conftest import Room, Town, cursor_of
from tests.end_to_end.streams import Ended, Stream, Wire, following
from tests.server import Server

ROUNDS = 3

STALLED_MESSAGES, COPIES = 100, 15
"""
Each message is 128 kB to a stalled reader, 12.8 MB in all. The kernel takes 3 MB for it
(Linux 6.18, tcp_wmem's largest 4 MB), uvicorn 64 kB; the rest has to wait in the log.
"""

_SEND = (
    "mutation ($input: SendMessageInput!) { sendMessage(input: $input)"
    " { __typename ... on SendMessageSuccess { sentMessage { text } } } }"
)


@pytest.fixture
def own_town(tmp_path: Path) -> Iterator[Town]:
    """A town whose server this test may end as it likes."""
    server = Server(tmp_path)
    server.start()
    yield Town(server)
    server.stop()


@pytest.fixture(scope="module")
def impatient_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town whose server soon cuts who does not read."""
    directory = tmp_path_factory.mktemp("impatient")
    server = Server(directory, DJANGO_SETTINGS_MODULE="tests.end_to_end.impatient_settings")
    server.start()
    yield Town(server)
    server.stop()


class Power:
    """The server's: clients that cannot reach it wait here until it is back."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.is_on = asyncio.Event()
        self.is_on.set()

    async def cut(self, how: Callable[[], None]) -> None:
        self.is_on.clear()
        await asyncio.to_thread(how)

    async def restore(self) -> None:
        await asyncio.to_thread(self._server.start)
        self.is_on.set()


class Reader:
    """A client that keeps the cursor of what it applied last, and comes back with it."""

    def __init__(self, power: Power, person: Person, room: Room, wire: Wire, cursor: str) -> None:
        self.texts: list[str] = []
        self.ends: list[int | str] = []
        self._power, self._person, self._room, self._wire = power, person, room, wire
        self._cursor: str | None = cursor
        self._moved = asyncio.Event()

    async def run(self) -> None:
        while True:
            await self._power.is_on.wait()
            try:
                async with following(
                    self._person, self._room.database_id, self._cursor, self._wire
                ) as stream:
                    await self._apply_all(stream)
            except Ended as end:
                self.ends.append(end.how)
            except (OSError, WebSocketException):
                # Died while it was dialled.
                self.ends.append(1006)
            self._moved.set()

    async def _apply_all(self, stream: Stream) -> None:
        while True:
            told = await stream.next(None)
            assert told.kind in ("MessageSent", "CaughtUp"), told
            if told.kind == "MessageSent":
                self.texts.append(str(told.about))
            self._cursor = told.cursor
            self._moved.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self._moved.clear()
                await self._moved.wait()


class Writer:
    """Sends one message after the other, each again and again until it is acknowledged (G9)."""

    def __init__(self, power: Power, person: Person, room: Room, name: str) -> None:
        self.acknowledged: list[str] = []
        self.stop = False
        self.has_stopped = asyncio.Event()
        self._power, self._person, self._room, self._name = power, person, room, name

    async def run(self) -> None:
        for number in itertools.count():
            if self.stop:
                self.has_stopped.set()
                return
            await self._send(f"{self._name}.{number}")

    async def _send(self, text: str) -> None:
        sent = {"roomId": self._room.id, "text": text, "clientMutationId": text}
        body = {"query": _SEND, "variables": {"input": sent}}
        while text not in self.acknowledged:
            await self._power.is_on.wait()
            async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
                # Perhaps it was done, perhaps not: that is what the name is for.
                with suppress(httpx.TransportError):
                    await self._try(client, body)

    async def _try(self, client: httpx.AsyncClient, body: Json) -> None:
        address, headers = f"{self._person.http}/graphql", self._person.headers
        answer = (await client.post(address, json=body, headers=headers)).json()
        outcome = answer["data"]["sendMessage"]
        assert outcome["__typename"] == "SendMessageSuccess", answer
        self.acknowledged.append(outcome["sentMessage"]["text"])


@asynccontextmanager
async def _at_work(*workers: Reader | Writer) -> AsyncIterator[None]:
    """Let all work at the same time; a failure of one ends the test."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker.run()) for worker in workers]
        yield
        for task in tasks:
            task.cancel()


def _stored(server: Server, room: Room) -> list[str]:
    """The texts in the database, in order."""
    script = (
        "import json; from chat.models import Message;"
        f"rows = Message.objects.filter(room={room.database_id}).in_order();"
        "print(json.dumps(list(rows.values_list('text', flat=True))))"
    )
    texts: list[str] = json.loads(server.manage("shell", "--no-imports", "-c", script))
    return texts


@pytest.mark.parametrize(
    ("how", "code"), [("kill", 1006), ("stop", 1012)], ids=["SIGKILL", "SIGTERM"]
)
async def test_a_server_that_goes_away_loses_and_repeats_nothing(
    own_town: Town, how: str, code: int
) -> None:
    """G1, G2, G3, G9: clients follow and others write meanwhile; all resume where they were."""
    town, chance = own_town, random.Random(1789)
    power = Power(town.server)
    room = await town.room(town.bob, town.carol)
    readers = [
        Reader(power, town.bob, room, "graphql", await cursor_of(town.bob, room)),
        Reader(power, town.bob, room, "plain", await cursor_of(town.bob, room)),
        Reader(power, town.alice, room, "graphql", await cursor_of(town.alice, room)),
        Reader(power, town.bob, room, "sse", await cursor_of(town.bob, room)),
        Reader(power, town.alice, room, "multipart", await cursor_of(town.alice, room)),
    ]
    writers = [
        Writer(power, town.alice, room, "alice"),
        Writer(power, town.carol, room, "carol"),
        Writer(power, town.carol, room, "carol too"),
    ]

    async with _at_work(*readers, *writers):
        for _ in range(ROUNDS):
            enough = len(readers[0].texts) + chance.randint(5, 40)
            await readers[0].until(lambda: len(readers[0].texts) >= enough)  # noqa: B023  # awaited at once
            await power.cut(getattr(town.server, how))
            await power.restore()
        done = len(readers[0].texts) + 10
        await readers[0].until(lambda: len(readers[0].texts) >= done)
        await _all_quiet(readers, writers)

    stored = await asyncio.to_thread(_stored, town.server, room)
    assert len(set(stored)) == len(stored)
    assert {text for writer in writers for text in writer.acknowledged} == set(stored)
    for reader in readers:
        assert reader.texts == stored
        assert set(reader.ends) <= {code, 1006}
        assert code in reader.ends


async def _all_quiet(readers: list[Reader], writers: list[Writer]) -> None:
    """Let the writers finish, and wait until everything has reached everybody."""
    async with asyncio.timeout(DEADLINE):
        for writer in writers:
            writer.stop = True
            await writer.has_stopped.wait()
    for reader in readers:
        for writer in writers:
            await reader.until(
                lambda: set(writer.acknowledged) <= set(reader.texts)  # noqa: B023  # awaited at once
            )


async def test_readers_that_stall_delay_nobody_and_lose_nothing(town: Town) -> None:
    """G7: their sockets are full, the others' deliveries arrive; reading again they have all."""
    room = await town.room(town.bob, town.carol, town.dave)
    texts = [f"{number} " + "🦉" * 1990 for number in range(STALLED_MESSAGES)]
    async with (
        _narrow(town.bob, room) as bobs,
        _narrow(town.dave, room, "sse") as daves,
        following(town.carol, room.database_id) as carols,
    ):
        for stream in (bobs, daves, carols):
            assert (await stream.next()).kind == "CaughtUp"
        for stream in (bobs, daves):
            stream.connection.transport.pause_reading()

        async with asyncio.TaskGroup() as group:
            group.create_task(_say_all(town.alice, room, texts))
            lively = [(await carols.next()).about for _ in texts]
        for stream in (bobs, daves):
            stream.connection.transport.resume_reading()
        late = [[(await stream.next()).about for _ in texts] for stream in (bobs, daves)]

    assert lively == texts
    assert late == [texts, texts]


@pytest.mark.parametrize(
    ("wire", "sign_of_life"),
    [("graphql", b"\x89\x80mask"), ("sse", b"\r\n"), ("multipart", b"\r\n")],
    ids=["graphql", "sse", "multipart"],
)
async def test_a_reader_that_stalls_for_too_long_is_cut_and_resumes_without_loss(
    impatient_town: Town, wire: Wire, sign_of_life: bytes
) -> None:
    """G1, G7: what it had not been told by then comes on the next connection, and nothing twice."""
    alice, bob = impatient_town.alice, impatient_town.bob
    room = await impatient_town.room(bob)
    texts = [f"{number} " + "🦉" * 1990 for number in range(STALLED_MESSAGES)]
    async with _narrow(bob, room, wire) as stream:
        beginning = await stream.next()
        stream.connection.transport.pause_reading()
        await _say_all(alice, room, texts)
        await _until_cut(stream, sign_of_life)
        told, end = await stream.rest()

    cursor = [beginning, *told][-1].cursor
    async with following(bob, room.database_id, cursor, wire) as stream:
        resumed = await stream.take_until(lambda event: event.kind == "CaughtUp")

    assert end == 1006
    assert len(told) < len(texts)
    assert [event.about for event in (*told, *resumed[:-1])] == texts


async def _until_cut(stream: Stream, sign_of_life: bytes) -> None:
    """Say something, which means nothing, until the server answers that nobody hears it."""
    async with asyncio.timeout(DEADLINE):
        while not stream.connection.transport.is_closing():
            stream.connection.transport.write(sign_of_life)
            await asyncio.sleep(0.02)


async def _say_all(person: Person, room: Room, texts: list[str]) -> None:
    async with httpx.AsyncClient(timeout=DEADLINE, headers=person.headers, verify=TLS) as client:
        for text in texts:
            body = {"query": _SEND, "variables": {"input": {"roomId": room.id, "text": text}}}
            answer = (await client.post(f"{person.http}/graphql", json=body)).json()
            assert "errors" not in answer, answer


@asynccontextmanager
async def _narrow(person: Person, room: Room, wire: Wire = "graphql") -> AsyncIterator[Stream]:
    """A stream of large events on a line that holds as little as the system allows."""
    address = urlsplit(person.ws)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((address.hostname, address.port))
        async with following(person, room.database_id, None, wire, line, COPIES) as stream:
            yield stream
