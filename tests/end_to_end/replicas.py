"""
A tiny client, in this process: a snapshot, and the events after its cursor applied to it.

Snapshots and pages are real GraphQL queries, streams real GraphQL subscriptions;
only the socket is missing. The client is strict: it fails at any event that does
not fit what it knows, so nothing may come twice, too early or not at all.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from graphql import ExecutionResult

from accounts.authentication import Identity
from chat.gates import PersonReader, RoomReader
from realtime import cursors
from realtime.threads import DatabaseThreads
from schema import execution, ids, requests, subscribing
from schema.requests import Request, RequestError
from schema.subscribing import Subscription
from schema.transports import StreamContext

DEADLINE = 8.0

Json = dict[str, Any]

_EVENT = """
    __typename
    ... on Event { cursor }
    ... on JoinRequestCreated { joinRequest { ...Asked } }
    ... on JoinRequestAdmitted { joinRequest { ...Asked } }
    ... on JoinRequestDenied { joinRequest { ...Asked } }
    ... on JoinRequestWithdrawn { joinRequest { ...Asked } }
    ... on AccessRevoked { reason }
    ... on CursorExpired { reason }
"""
_USER_EVENT = _EVENT + "... on RoomJoined { room { roomId } } ... on RoomLeft { roomId }"
_ROOM_EVENT = (
    _EVENT
    + """
    ... on MessageSent { clientMutationId message { ...Said } }
    ... on MemberJoined { user { databaseId } }
    ... on MemberLeft { user { databaseId } }
    ... on RoomRenamed { room { title } }
    ... on RoomDeleted { roomId }
    ... on JoinCodeRotated { joinCode }
"""
)
_FRAGMENTS = """
    fragment Asked on JoinRequest { databaseId room { roomId } user { databaseId } createdAt }
    fragment Said on Message { databaseId text sender { databaseId } postedAt }
"""
_USER = """
query {
  viewer { eventCursor
    rooms(first: 100) { nodes { id } }
    joinRequests(first: 100) { nodes { ...Asked } } }
}
fragment Asked on JoinRequest { databaseId room { roomId } user { databaseId } createdAt }
"""
_ROOM = (
    """
query ($id: ID!) {
  room(id: $id) { title joinCode viewerRole eventCursor
    members(first: 100) { nodes { databaseId } }
    messages(last: 100) { nodes { ...Said } }
    joinRequests(first: 100) { nodes { ...Asked } } }
}
"""
    + _FRAGMENTS
)
_FOLLOW_USER = (
    f"subscription ($after: Cursor) {{ userEvents(after: $after) {{ {_USER_EVENT} }} }}"
    "fragment Asked on JoinRequest { databaseId room { roomId } user { databaseId } createdAt }"
)
_FOLLOW_ROOM = (
    "subscription ($id: ID!, $after: Cursor)"
    f" {{ roomEvents(roomId: $id, after: $after) {{ {_ROOM_EVENT} }} }} {_FRAGMENTS}"
)
_PULL_USER = (
    "query ($after: Cursor!, $first: Int) { userEvents(after: $after, first: $first)"
    f" {{ cursor hasMore events {{ {_USER_EVENT} }} }} }}"
    "fragment Asked on JoinRequest { databaseId room { roomId } user { databaseId } createdAt }"
)
_PULL_ROOM = (
    "query ($id: ID!, $after: Cursor!, $first: Int)"
    " { roomEvents(roomId: $id, after: $after, first: $first)"
    f" {{ cursor hasMore events {{ {_ROOM_EVENT} }} }} }} {_FRAGMENTS}"
)


def identity_of(user: User) -> Identity:
    return Identity(user, "no session", "no password")


async def query(threads: DatabaseThreads, user: User, text: str, **variables: Any) -> Json:
    """The data of a query as ``user``; errors fail the test."""
    operation = requests.prepare(Request(text, variables))
    context = StreamContext(identity_of(user))
    return _data(await threads.run(partial(execution.run, operation, context)))


def _data(result: ExecutionResult) -> Json:
    assert not result.errors, execution.formatted(result)
    assert result.data is not None
    return result.data


class Replica:
    """What one person's page knows of itself, or of one room if ``room_id`` is given."""

    def __init__(self, threads: DatabaseThreads, user: User, room_id: int | None = None) -> None:
        self.user = user
        self.room_id = room_id
        self.cursor = ""
        self.offset = 0
        """The offset in the room's or the person's topic that was applied last."""
        self.state: Json = {}
        self.end: Json | None = None
        """The event that ended the last stream, or why it was refused."""
        self.told: list[str] = []
        """The kinds of all events that came, in order."""
        self.told_at = 0.0
        """When the last of them came, by the monotonic clock."""
        self._threads = threads
        self._named: set[tuple[int, str]] = set()
        self._stream: Subscription | None = None
        self._reading: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._may_read = asyncio.Event()
        self._hears = True

    def __repr__(self) -> str:
        where = f"{self.user.username} on {self.room_id or 'home'} at {self.offset}"
        return f"<{where}: {self.state} {self.end}>"

    @property
    def is_following(self) -> bool:
        return self._stream is not None and self.end is None

    async def snapshot(self) -> Json | None:
        """What a fresh page would show now, with its cursor; nothing if there is no such room."""
        if self.room_id is None:
            shown: Json | None = (await query(self._threads, self.user, _USER))["viewer"]
        else:
            shown = (await query(self._threads, self.user, _ROOM, id=self._id))["room"]
        return None if shown is None else _flat(shown)

    async def load(self) -> bool:
        """Load the page anew; tell whether there is one."""
        shown = await self.snapshot()
        if shown is None:
            return False
        self.cursor = shown.pop("eventCursor")
        self.state = shown
        self.offset = self._offsets(self.cursor)[0]
        self.end = None
        return True

    async def follow(self) -> None:
        """Open a stream after what was applied last; a refusal is an end."""
        await self.drop()
        self.end = None
        self._hears = True
        operation = requests.prepare(Request(*self._asked(_FOLLOW_USER, _FOLLOW_ROOM)))
        context = StreamContext(identity_of(self.user))
        try:
            async with asyncio.timeout(DEADLINE):
                self._stream = await subscribing.begin(operation, context)
        except RequestError as refusal:
            self.end = {"refused": refusal.errors[0]["extensions"]["code"]}
        else:
            self._may_read.set()
            self._reading = asyncio.create_task(self._read(self._stream))

    async def pull(self, first: int) -> None:
        """Catch up page by page; no such room is an end."""
        await self.drop()
        self.end = None
        field = "userEvents" if self.room_id is None else "roomEvents"
        has_more = True
        while has_more:
            text, variables = self._asked(_PULL_USER, _PULL_ROOM)
            data = await query(self._threads, self.user, text, **variables, first=first)
            page = data[field]
            if page is None:
                self.end = {"refused": "NOT_FOUND"}
                return
            assert len(page["events"]) <= first
            for event in page["events"]:
                assert event["__typename"] not in ("CaughtUp", "CursorExpired"), event
                self._apply(event)
            assert self.cursor == page["cursor"]
            has_more = page["hasMore"]

    async def drop(self) -> None:
        """Lose the socket, and with it whatever was on its way."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        if self._stream is not None:
            self._stream.follower.close()
        self._reading = self._stream = None

    def freeze(self) -> None:
        """Read no more, for now; the socket stays open."""
        self._may_read.clear()

    def thaw(self) -> None:
        self._may_read.set()

    def grow_deaf(self) -> None:
        """Lose what is sent from now on, as a cut line does before anyone notices."""
        self._hears = False

    async def reach(self, cursor: str) -> None:
        """Wait until everything up to ``cursor`` is applied; more may have been."""
        wanted = self._offsets(cursor)
        await self._until(lambda: self.end is not None or self._has_passed(wanted))

    async def reach_end(self) -> None:
        await self._until(lambda: self.end is not None)

    async def catch_up(self, *, by_pages: int | None) -> None:
        """Be a client that notices that it missed something and does what such clients do."""
        self.thaw()
        if self._reading is not None and self._reading.done():
            self._reading.result()
        if self.is_following and self._hears:
            return
        if by_pages is None:
            await self.follow()
        else:
            await self.pull(by_pages)

    async def _until(self, holds: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                while not holds():
                    await self._move(holds)
        except TimeoutError:
            raise TimeoutError(f"Not within {DEADLINE:.0f} s: {self}, told {self.told}") from None

    async def _move(self, holds: Callable[[], bool]) -> None:
        self._moved.clear()
        if self._reading is not None and self._reading.done():
            self._reading.result()
            assert holds(), f"The stream is over and says nothing: {self}"
        await self._moved.wait()

    async def _read(self, stream: Subscription) -> None:
        field = "userEvents" if self.room_id is None else "roomEvents"
        try:
            await self._may_read.wait()
            async for item in stream.follower:
                response = json.loads(stream.rendering.response(item))
                assert self.end is None, f"{response} after the end {self.end}"
                assert "errors" not in response, response
                if self._hears:
                    self._apply(response["data"][field])
                await self._may_read.wait()
        finally:
            self._moved.set()

    def _apply(self, event: Json) -> None:
        kind = event["__typename"]
        self.told.append(kind)
        self.told_at = time.monotonic()
        assert kind != "CursorExpired", (event, self)
        if kind == "AccessRevoked":
            self.end = event
        elif kind == "CaughtUp":
            assert event["cursor"] == self.cursor, "The cursor moved without an event."
        else:
            self._advance(event["cursor"])
            _REDUCERS[kind](self, event)
        self._moved.set()

    def _advance(self, cursor: str) -> None:
        """Each event is the next one of one of the topics (G2)."""
        before, after = self._offsets(self.cursor), self._offsets(cursor)
        steps = [new - old for old, new in zip(before, after, strict=True)]
        assert sorted(steps) == [0] * (len(steps) - 1) + [1], (steps, self)
        self.cursor, self.offset = cursor, after[0]

    def _has_passed(self, wanted: tuple[int, ...]) -> bool:
        reached = self._offsets(self.cursor)
        return all(here >= there for here, there in zip(reached, wanted, strict=True))

    def _offsets(self, cursor: str) -> tuple[int, ...]:
        return cursors.decode(cursor, self._topics).offsets

    @property
    def _topics(self) -> tuple[str, ...]:
        if self.room_id is None:
            return PersonReader(self.user.pk).topics
        return RoomReader(self.user.pk, self.room_id, self.state["viewerRole"] == "OWNER").topics

    @property
    def _id(self) -> str:
        return ids.encode("Room", self.room_id or 0)

    def _asked(self, of_user: str, of_room: str) -> tuple[str, Json]:
        if self.room_id is None:
            return of_user, {"after": self.cursor}
        return of_room, {"after": self.cursor, "id": self._id}

    def _sent(self, event: Json) -> None:
        message, name = event["message"], event["clientMutationId"]
        if name is not None:
            sent_as = (message["sender"]["databaseId"], name)
            assert sent_as not in self._named, f"Sent twice: {event}"
            self._named.add(sent_as)
        _add(self.state["messages"], message)

    def _joined(self, event: Json) -> None:
        _add(self.state["members"], event["user"])

    def _left(self, event: Json) -> None:
        self.state["members"].remove(event["user"])

    def _renamed(self, event: Json) -> None:
        self.state["title"] = event["room"]["title"]

    def _rotated(self, event: Json) -> None:
        assert self.state["joinCode"] not in (None, event["joinCode"]), "Not the owner's to know."
        self.state["joinCode"] = event["joinCode"]

    def _deleted(self, event: Json) -> None:
        self.end = event

    def _asks(self, event: Json) -> None:
        _add(self.state["joinRequests"], event["joinRequest"])

    def _decided(self, event: Json) -> None:
        self.state["joinRequests"].remove(event["joinRequest"])

    def _entered(self, event: Json) -> None:
        _add(self.state["rooms"], {"id": event["room"]["roomId"]})

    def _quit(self, event: Json) -> None:
        self.state["rooms"].remove({"id": event["roomId"]})


_REDUCERS: Mapping[str, Any] = {
    "MessageSent": Replica._sent,
    "MemberJoined": Replica._joined,
    "MemberLeft": Replica._left,
    "RoomRenamed": Replica._renamed,
    "JoinCodeRotated": Replica._rotated,
    "RoomDeleted": Replica._deleted,
    "JoinRequestCreated": Replica._asks,
    "JoinRequestAdmitted": Replica._decided,
    "JoinRequestDenied": Replica._decided,
    "JoinRequestWithdrawn": Replica._decided,
    "RoomJoined": Replica._entered,
    "RoomLeft": Replica._quit,
}


def _flat(shown: Json) -> Json:
    """Connections as plain lists."""
    return {
        name: list(value["nodes"]) if isinstance(value, dict) and "nodes" in value else value
        for name, value in shown.items()
    }


def _add(things: list[Json], thing: Json) -> None:
    assert thing not in things, f"Told twice: {thing}"
    things.append(thing)
