"""Sends over HTTP: how many a process takes, and whether a hot room is felt in the others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import cast

from benchmarks.backing import ROOMS, Backing
from benchmarks.load import Broken
from benchmarks.record import HotRoom, Sends
from benchmarks.servers import ANTEROOM, STRAWBERRY_DJANGO, Running, serving

CONNECTIONS = 16
HOT_WRITERS = 50
_REPEATS = 3
_ANSWERED_WITHIN = 30.0
_TEXT = "What is said in the room is heard in the room, by all who are in it."
_SEND = (
    "mutation ($room: ID!, $text: String!) { sendMessage(input: {roomId: $room, text: $text}) {"
    " __typename ... on SendMessageSuccess { sentMessage { id text postedAt } } } }"
)
_CREATE = "mutation ($data: MessageInput!) { createMessage(data: $data) { id text postedAt } }"


class Client(asyncio.Protocol):
    """HTTP/1.1 on a connection that stays open, one request at a time."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._answer: asyncio.Future[bytes] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        async with asyncio.timeout(_ANSWERED_WITHIN):
            return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or self._answer is None:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._received = body[length:]
            self._answer.set_result(body[:length])

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(f"The server closed a connection: {exc}"))


@dataclass(slots=True)
class Sender:
    """Somebody who says the same again and again."""

    client: Client
    request: bytes
    times: list[float] = field(default_factory=list)
    errors: int = 0

    async def send_until(self, end: float) -> None:
        while (began := perf_counter()) < end:
            answer = await self.client.ask(self.request)
            self.times.append(perf_counter() - began)
            self.errors += b'"postedAt"' not in answer


async def measure(shared: Backing, seconds: float) -> tuple[list[Sends], HotRoom]:
    """Each measurement takes so many seconds; they share a server of each kind."""
    with serving(ANTEROOM, shared) as anteroom, serving(STRAWBERRY_DJANGO, shared) as plain:
        found = await _in_turns(shared, anteroom, plain, seconds)
        return found, await _beside_a_hot_room(shared, anteroom, seconds)


async def _in_turns(
    shared: Backing, anteroom: Running, plain: Running, seconds: float
) -> list[Sends]:
    """In all rooms, in one room, and a plain INSERT, again and again."""
    everywhere = [_to_anteroom(shared, n % ROOMS, n) for n in range(CONNECTIONS)]
    in_one = [_to_anteroom(shared, 0, n) for n in range(CONNECTIONS)]
    turns = [
        (Sends(ANTEROOM.name, CONNECTIONS, ROOMS, []), anteroom, everywhere),
        (Sends(ANTEROOM.name, CONNECTIONS, 1, []), anteroom, in_one),
        (Sends(STRAWBERRY_DJANGO.name, CONNECTIONS, 0, []), plain, [_to_plain()] * CONNECTIONS),
    ]
    for server in (anteroom, plain):
        await _send(server, everywhere if server is anteroom else turns[-1][2], min(seconds, 1.0))
    for _ in range(_REPEATS):
        for sends, server, requests in turns:
            senders = await _send(server, requests, seconds)
            if any(each.errors for each in senders):
                raise Broken(f"{server.kind.label} does not take what is sent.")
            sends.per_second.append(sum(len(each.times) for each in senders) / seconds)
    return [sends for sends, _, _ in turns]


async def _beside_a_hot_room(shared: Backing, server: Running, seconds: float) -> HotRoom:
    """Five rooms with a writer each, without and with fifty writers in a sixth."""
    quiet = [_to_anteroom(shared, room, room) for room in range(1, ROOMS)]
    hot = [_to_anteroom(shared, 0, 100 + n) for n in range(HOT_WRITERS)]
    alone = await _send(server, quiet, seconds)
    senders = await _send(server, [*quiet, *hot], seconds)
    alone += await _send(server, quiet, seconds)
    return HotRoom(
        HOT_WRITERS,
        _median_time(alone),
        _median_time(senders[: len(quiet)]),
        _median_time(senders[len(quiet) :]),
        sum(each.errors for each in [*alone, *senders]),
    )


async def _send(server: Running, requests: Sequence[bytes], seconds: float) -> list[Sender]:
    """One connection for each of ``requests``, which is sent on it until the time is over."""
    loop = asyncio.get_running_loop()
    senders = []
    for request in requests:
        _, client = await loop.create_connection(Client, "127.0.0.1", server.port)
        senders.append(Sender(client, request))
    end = perf_counter() + seconds
    await asyncio.gather(*(each.send_until(end) for each in senders))
    for each in senders:
        each.client.transport.abort()
    return senders


def _median_time(senders: Sequence[Sender]) -> float:
    return median(time for each in senders for time in each.times)


def _to_anteroom(shared: Backing, room: int, person: int) -> bytes:
    variables = {"room": shared.people.rooms[room], "text": _TEXT}
    return _request(_SEND, variables, shared.people.tokens[person % len(shared.people.tokens)])


def _to_plain() -> bytes:
    data = {"roomId": 1, "sender": "person-1", "text": _TEXT}
    return _request(_CREATE, {"data": data})


def _request(query: str, variables: Mapping[str, object], token: str | None = None) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    lines = [
        "POST /graphql HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode() + body
