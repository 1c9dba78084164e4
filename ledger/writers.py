"""People who write: each is a task that goes on until it is told to stop."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random

from ledger.book import Book, Send
from ledger.people import Api, Person, Room, Unanswered, sign_in, sign_out

_ATTEMPTS = 30
_SHOUTING = 20.0
_SENDS_AT_ONCE = 24
_PENDING = (
    "query ($id: ID!) { room(id: $id) { joinRequests(first: 20) { edges { node { id } } } } }"
)
_LOUD_LETTER = "\N{MUSICAL SYMBOL G CLEF}"
LOUD = 2_000 * _LOUD_LETTER
"""8 KB as UTF-8, and too much for a ring to carry."""


@dataclass
class Writers:
    """
    Everyone who writes in ``rooms``: ``residents`` stay, ``visitors`` come and go.

    The last room is the quiet one, in which :meth:`shout` is heard.
    """

    api: Api
    book: Book
    chance: Random
    rooms: Sequence[Room]
    residents: Sequence[Person]
    visitors: Sequence[Person]
    rate: float
    _numbers: count[int] = field(default_factory=count)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def start(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        jobs: list[Callable[[], Awaitable[None]]] = [self._sign_out_and_in]
        for room in self.rooms:
            jobs += [self._talk(room), self._keep_the_door(room), self._rename(room)]
        for visitor in self.visitors:
            jobs += [self._visit(room, visitor) for room in self.rooms[:-1]]
        self._jobs = len(jobs)
        for each in jobs:
            self._begin(self._again_and_again(each))

    async def stop(self) -> None:
        """Let everyone finish what they have begun."""
        self._stopping.set()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def shout(self, times: int) -> None:
        """Say ``times`` long messages in the last room, a few at once, and not for too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SHOUTING):
                for _ in range(0, times, 4):
                    await asyncio.gather(*(self._send(self.rooms[-1], LOUD) for _ in range(4)))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again_and_again(self, job: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            # Whatever a job was in the midst of is found undone, or done, the next time.
            with suppress(Unanswered):
                await job()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _talk(self, room: Room) -> Callable[[], Awaitable[None]]:
        async def talk() -> None:
            # A task of its own: who waits for an answer does not keep others from talking.
            if len(self._tasks) < self._jobs + _SENDS_AT_ONCE:
                self._begin(self._send(room))
            await self._pause(self.chance.uniform(0.5, 1.5) / self.rate)

        return talk

    async def _send(self, room: Room, text: str = "") -> None:
        """Say something, until it is confirmed; now and then say it again all the same."""
        name = f"send-{next(self._numbers)}"
        sender = self.chance.choice([*self.residents, room.owner])
        send = self.book.sends[name] = Send(room.database_id, f"{name} {text}"[:2_000])
        for _ in range(_ATTEMPTS):
            if await self._attempt(sender, room, send, name) and self.chance.random() < 0.95:
                return

    async def _attempt(self, sender: Person, room: Room, send: Send, name: str) -> bool:
        values = {"roomId": room.global_id, "text": send.text, "clientMutationId": name}
        try:
            outcome = await self.api.do("sendMessage", sender.token, **values)
        except Unanswered:
            await self._pause(0.05)
            return False
        if outcome["__typename"] == "SendMessageSuccess":
            send.message_ids.add(outcome["sentMessage"]["databaseId"])
            return True
        await self._pause(0.2)  # Signed out just now: the next attempt has another token.
        return False

    def _keep_the_door(self, room: Room) -> Callable[[], Awaitable[None]]:
        async def keep_the_door() -> None:
            await self._pause(0.5)
            data = await self.api.ask(_PENDING, {"id": room.global_id}, room.owner.token)
            edges = data["room"]["joinRequests"]["edges"] if data["room"] else []
            for edge in edges:
                verb = "denyJoinRequest" if self.chance.random() < 0.15 else "admitJoinRequest"
                await self._do(verb, room.owner, joinRequestId=edge["node"]["id"])

        return keep_the_door

    def _visit(self, room: Room, visitor: Person) -> Callable[[], Awaitable[None]]:
        async def visit() -> None:
            await self._do("requestToJoin", visitor, joinCode=room.join_code)
            await self._pause(self.chance.uniform(2.0, 5.0))
            if self.chance.random() < 0.3:
                await self._do("leaveRoom", visitor, roomId=room.global_id)
            else:
                whom = _user_id(visitor.database_id)
                await self._do("removeMember", room.owner, roomId=room.global_id, userId=whom)
            await self._pause(self.chance.uniform(0.5, 1.5))

        return visit

    def _rename(self, room: Room) -> Callable[[], Awaitable[None]]:
        async def rename() -> None:
            await self._pause(self.chance.uniform(2.0, 4.0))
            title = f"Room {next(self._numbers)}"
            if await self._do("renameRoom", room.owner, roomId=room.global_id, title=title):
                self.book.titles.setdefault(room.database_id, set()).add(title)

        return rename

    async def _sign_out_and_in(self) -> None:
        await self._pause(self.chance.uniform(1.5, 3.0))
        person = self.chance.choice([*self.residents[:2], self.visitors[0]])
        token = person.token
        if await sign_out(self.api, person):
            self.book.ended_sessions[token] = time.time()
            self.book.deeds["signOut"] += 1
        await self._pause(self.chance.uniform(0.1, 1.0))
        await sign_in(self.api, person)

    async def _do(self, mutation: str, person: Person, **values: str) -> bool:
        outcome = await self.api.do(mutation, person.token, **values)
        done = bool(outcome["__typename"].endswith("Success"))
        self.book.deeds[mutation] += done
        return done


def _user_id(database_id: int) -> str:
    return base64.b64encode(f"User:{database_id}".encode()).decode()
