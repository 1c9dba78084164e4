"""Followers: each reads one stream, and whatever happens to it goes on from its last cursor."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from ledger import frames
from ledger.diary import Diary
from ledger.frames import ACCESS_REVOKED, CAUGHT_UP, CURSOR_EXPIRED, Ended, Refused, Told
from ledger.people import Api, Person, Room, Unanswered

SUBPROTOCOL = Subprotocol("graphql-transport-ws")
SIGNED_OUT = (4401, 4403)
_HEARTBEAT = 2.0
_KNOCK_AGAIN = 0.7
_ROAMING = (15.0, 60.0)
_SMALL_BUFFER = 4_096
_ROOM_CURSOR = "query ($id: ID!) { room(id: $id) { eventCursor } }"
_USER_CURSOR = "{ viewer { eventCursor } }"


@dataclass(frozen=True, slots=True)
class Door:
    """A way to a server: its own port, or that of the proxy before it."""

    server: int
    port: int
    proxied: bool


class Outside(Exception):
    """The person is not in the room, now."""


class SignedOut(Exception):
    """The session is over."""


class Follower:
    """
    A person on one stream, of a room or of themselves, by GraphQL or as a plain topic.

    It resumes at another server whenever it is cut, queries again when its cursor
    has expired, stops when access is revoked and knocks again later.
    """

    def __init__(
        self,
        person: Person,
        room: Room | None,
        *,
        plain: bool,
        doors: Sequence[Door],
        api: Api,
        chance: Random,
        sleeper: bool = False,
    ) -> None:
        self.person = person
        self.room = room
        self.is_outside = False
        self.closes: Counter[int] = Counter()
        self.resumptions = 0
        self.expiries: Counter[str] = Counter()
        self.revocations = 0
        self.caught_up = 0
        self.faults: list[str] = []
        self._plain = plain
        self._doors = doors
        self._api = api
        self._chance = chance
        self._sleeper = sleeper
        self._door: Door | None = None
        self._cursor = ""
        self._why_again = ""
        self._connection: ClientConnection | None = None
        self._awake = asyncio.Event()
        self._awake.set()
        self._free = asyncio.Event()
        self._free.set()
        self._told: Callable[[bytes], Told | None] = (
            frames.plain_told if plain else frames.graphql_told
        )
        room_id = room.database_id if room is not None else None
        self.diary = Diary(self.name, person.database_id, self.topics, room_id)

    @property
    def name(self) -> str:
        what = f"room {self.room.database_id}" if self.room else "user"
        return f"{self.person.username} on {what} by {'topic' if self._plain else 'GraphQL'}"

    @property
    def topics(self) -> tuple[str, ...]:
        if self.room is None:
            return (f"user.{self.person.database_id}",)
        topic = f"room.{self.room.database_id}"
        owns = self.room.owner is self.person
        return (topic, f"{topic}.owner") if owns else (topic,)

    @property
    def door(self) -> Door | None:
        """Where it is connected, if it is."""
        return self._door

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._free.wait()
            try:
                await self._follow()
            except (Outside, SignedOut):
                self.is_outside = True
                await asyncio.sleep(_KNOCK_AGAIN * self._chance.uniform(0.6, 1.2))
            except ConnectionClosed as closed:
                self.closes[closed.rcvd.code if closed.rcvd else 1006] += 1
            except (OSError, EOFError, InvalidHandshake, InvalidMessage, Unanswered):
                pass
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    def hold(self) -> None:
        """Lose the connection and stay away until :meth:`release`."""
        self._free.clear()
        if self._connection is not None:
            self._connection.transport.abort()

    def release(self) -> None:
        self._free.set()

    def freeze(self) -> None:
        """Read nothing more from the socket until :meth:`thaw`."""
        self._awake.clear()

    def thaw(self) -> None:
        self._awake.set()

    async def _follow(self) -> None:
        if not self._cursor:
            await self._query()
        door = self._chance.choice([each for each in self._doors if each != self._door])
        token = self.person.token
        self.diary.begin_leg(token)
        async with asyncio.timeout(10):
            connection = await self._connect(door, token)
        try:
            self._connection, self._door = connection, door
            self.resumptions += 1
            # Now and then everyone moves on by itself, so that no server is left without.
            async with asyncio.timeout(self._chance.uniform(*_ROAMING)):
                await self._listen(connection, token)
        finally:
            self._connection = self._door = None
            connection.transport.abort()

    async def _query(self) -> None:
        """Begin at the cursor of a fresh query, which shows all changes up to it."""
        query, variables = _USER_CURSOR, {}
        if self.room is not None:
            query, variables = _ROOM_CURSOR, {"id": self.room.global_id}
        data = await self._api.read(query, variables, self.person.token)
        found = data["room" if self.room else "viewer"]
        if found is None:
            raise Outside if self.room else SignedOut
        self._cursor = found["eventCursor"]
        self.diary.begin(frames.position_of(self._cursor), self._why_again)

    async def _connect(self, door: Door, token: str) -> ClientConnection:
        options: dict[str, Any] = {"compression": None, "proxy": None, "ping_interval": None}
        if door.proxied:
            options |= {
                "ping_interval": _HEARTBEAT,
                "ping_timeout": _HEARTBEAT,
                "close_timeout": 0.5,
            }
        if self._sleeper:
            options |= {"sock": await _small_socket(door.port), "max_queue": 4}
        address = f"ws://127.0.0.1:{door.port}"
        if not self._plain:
            return await connect(f"{address}/graphql", subprotocols=[SUBPROTOCOL], **options)
        path = f"room/{self.room.database_id}" if self.room else f"user/{self.person.database_id}"
        headers = {"Authorization": f"Bearer {token}"}
        address = f"{address}/ws/{path}?after={self._cursor}"
        return await connect(address, additional_headers=headers, **options)

    async def _subscribe(self, connection: ClientConnection, token: str) -> None:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
        variables = {"after": self._cursor}
        query = frames.USER_EVENTS
        if self.room is not None:
            variables["roomId"] = self.room.global_id
            query = frames.LONG_ROOM_EVENTS if self._sleeper else frames.ROOM_EVENTS
        payload = {"query": query, "variables": variables}
        async with asyncio.timeout(10):
            await connection.send(json.dumps(init))
            await connection.recv()
            await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))

    async def _listen(self, connection: ClientConnection, token: str) -> None:
        try:
            if not self._plain:
                await self._subscribe(connection, token)
            while True:
                if not self._awake.is_set():
                    await self._awake.wait()
                self._hear(await connection.recv(decode=False))
        except ConnectionClosed as closed:
            self._account_for(closed)
        except Ended:
            return
        except Refused as refused:
            if refused.code == "NOT_FOUND":
                raise Outside from refused
            if refused.code == "UNAUTHENTICATED":
                raise SignedOut from refused
            if refused.code == "UNAVAILABLE":
                raise Unanswered(str(refused)) from refused
            self.faults.append(f"{self.name}: {refused}")

    def _hear(self, text: bytes) -> None:
        told = self._told(text)
        if told is None:
            return
        if told.kind == CURSOR_EXPIRED:
            self.expiries[told.reason] += 1
            self._cursor, self._why_again = "", told.reason
            raise Ended
        if told.kind == ACCESS_REVOKED:
            self.revocations += 1
            raise Outside
        self._note(told)

    def _note(self, told: Told) -> None:
        position = frames.position_of(told.cursor)
        if told.kind == CAUGHT_UP:
            self.caught_up += 1
            self.is_outside = False
        else:
            self.diary.note(told, position, time.time())
        self._cursor = told.cursor

    def _account_for(self, closed: ConnectionClosed) -> None:
        code = closed.rcvd.code if closed.rcvd else 1006
        if code == 4403 and self._plain and self.room is not None:
            raise Outside from closed
        if code in SIGNED_OUT:
            self.closes[code] += 1
            raise SignedOut from closed
        if code in (4400, 4404) and self._cursor:
            self.faults.append(f"{self.name}: closed with {code}")
        raise closed


async def _small_socket(port: int) -> socket.socket:
    """A connection that holds little of what is not read."""
    made = socket.socket()
    made.setblocking(False)  # noqa: FBT003  # the standard library's
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    try:
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    except BaseException:
        with suppress(OSError):
            made.close()
        raise
    return made
