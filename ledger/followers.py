"""Followers: each reads one stream, and whatever happens to it goes on from its last cursor."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from websockets.exceptions import InvalidHandshake, InvalidMessage

from ledger import frames, lines
from ledger.diary import Diary
from ledger.frames import ACCESS_REVOKED, CAUGHT_UP, CURSOR_EXPIRED, Ended, Refused, Told
from ledger.lines import Closed, Door, Errand, Line, Wire
from ledger.people import Api, Person, Room, Unanswered

SIGNED_OUT = (4401, 4403)
_KNOCK_AGAIN = 0.7
_ROAMING = (15.0, 60.0)
_ROOM_CURSOR = "query ($id: ID!) { room(id: $id) { eventCursor } }"
_USER_CURSOR = "{ viewer { eventCursor } }"


class Outside(Exception):
    """The person is not in the room, now."""


class SignedOut(Exception):
    """The session is over."""


class Follower:
    """
    A person on one stream, of a room or of themselves, over one of the wires.

    It resumes at another server whenever it is cut, queries again when its cursor
    has expired, stops when access is revoked and knocks again later.
    """

    def __init__(
        self,
        person: Person,
        room: Room | None,
        wire: Wire,
        *,
        doors: Sequence[Door],
        api: Api,
        chance: Random,
        sleeper: bool = False,
    ) -> None:
        self.person = person
        self.room = room
        self.wire = wire
        self.is_outside = False
        self.closes: Counter[int] = Counter()
        self.connections = 0
        self.resumptions_by_id = 0
        self.expiries: Counter[str] = Counter()
        self.revocations = 0
        self.caught_up = 0
        self.faults: list[str] = []
        self._doors = doors
        self._api = api
        self._chance = chance
        self._sleeper = sleeper
        self._door: Door | None = None
        self._began = ""
        self._cursor = ""
        self._why_again = ""
        self._line: Line | None = None
        self._awake = asyncio.Event()
        self._awake.set()
        self._free = asyncio.Event()
        self._free.set()
        room_id = room.database_id if room is not None else None
        self.diary = Diary(self.name, person.database_id, self.topics, room_id)

    @property
    def name(self) -> str:
        what = f"room {self.room.database_id}" if self.room else "user"
        return f"{self.person.username} on {what} by {self.wire}"

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
            except Closed as closed:
                self.closes[closed.code] += 1
            except (OSError, EOFError, InvalidHandshake, InvalidMessage, Unanswered):
                pass
            await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    def hold(self) -> None:
        """Lose the connection and stay away until :meth:`release`."""
        self._free.clear()
        if self._line is not None:
            self._line.abort()

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
        errand = self._errand(token)
        try:
            async with lines.opened(self.wire, door, errand) as self._line:
                self._door = door
                self.connections += 1
                self.resumptions_by_id += self.wire == "sse" and errand.resumes
                # Now and then everyone moves on by itself, so that no server is left without.
                async with asyncio.timeout(self._chance.uniform(*_ROAMING)):
                    await self._listen(self._line)
        except Closed as closed:
            self._account_for(closed)
        finally:
            self._line = self._door = None

    def _errand(self, token: str) -> Errand:
        return Errand(
            token, self.person.database_id, self.room, self._began, self._cursor, self._sleeper
        )

    async def _query(self) -> None:
        """Begin at the cursor of a fresh query, which shows all changes up to it."""
        query, variables = _USER_CURSOR, {}
        if self.room is not None:
            query, variables = _ROOM_CURSOR, {"id": self.room.global_id}
        data = await self._api.read(query, variables, self.person.token)
        found = data["room" if self.room else "viewer"]
        if found is None:
            raise Outside if self.room else SignedOut
        self._began = self._cursor = found["eventCursor"]
        self.diary.begin(frames.position_of(self._cursor), self._why_again)

    async def _listen(self, line: Line) -> None:
        try:
            while True:
                if not self._awake.is_set():
                    await self._awake.wait()
                if (told := await line.hear()) is not None:
                    self._hear(told)
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

    def _hear(self, told: Told) -> None:
        if told.kind == CURSOR_EXPIRED:
            self.expiries[told.reason] += 1
            self._cursor, self._why_again = "", told.reason
            raise Ended
        if told.reason == frames.SIGNED_OUT:
            raise SignedOut
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

    def _account_for(self, closed: Closed) -> None:
        code = closed.code
        if code == 4403 and self.wire == "plain" and self.room is not None:
            raise Outside from closed
        if code in SIGNED_OUT:
            self.closes[code] += 1
            raise SignedOut from closed
        if code in (4400, 4404) and self._cursor:
            self.faults.append(f"{self.name}: closed with {code}")
        raise closed
