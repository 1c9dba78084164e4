"""The story of Alice's three messages and what else happens at the door, over real connections."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from tests.clients import DEADLINE, Person
from tests.end_to_end.admin_site import admin_site, submit
from tests.end_to_end.conftest import Room, Town, cursor_of, say, say_over
from tests.end_to_end.streams import Told, Wire, following

WIRES: list[Wire] = ["graphql", "plain", "sse", "multipart"]
_OF_GRAPHQL: dict[str, int | str] = {
    "revoked": "complete",
    "deleted": "complete",
    "invalid": "INVALID",
    "not found": "NOT_FOUND",
    "forbidden": "NOT_FOUND",
}
ENDS: dict[Wire, dict[str, int | str]] = {
    "graphql": _OF_GRAPHQL,
    "plain": {
        "revoked": 4403,
        "deleted": 4404,
        "invalid": 4400,
        "not found": 4404,
        "forbidden": 4403,
    },
    "sse": _OF_GRAPHQL,
    "multipart": _OF_GRAPHQL,
}

over_all_wires = pytest.mark.parametrize("wire", WIRES)


def _said(*texts: str) -> list[Told]:
    return [Told("MessageSent", text) for text in texts]


@over_all_wires
async def test_bob_sees_all_three_messages_of_alice_whenever_they_are_sent(
    town: Town, wire: Wire
) -> None:
    """G1, G2: one between query and subscription, one live, one while the line is cut."""
    room = await town.room(town.bob)
    cursor = await cursor_of(town.bob, room)

    await say(town.alice, room, "one")
    async with following(town.bob, room.database_id, cursor, wire) as stream:
        first = await stream.take(2)
        await say(town.alice, room, "two")
        second = await stream.next()
        stream.cut()
    await say(town.alice, room, "three")
    async with following(town.bob, room.database_id, second.cursor, wire) as stream:
        third = await stream.take(2)

    assert first == [*_said("one"), Told("CaughtUp")]
    assert second == Told("MessageSent", "two")
    assert third == [*_said("three"), Told("CaughtUp")]


@over_all_wires
async def test_whatever_was_lost_on_a_cut_line_comes_again_and_nothing_twice(
    town: Town, wire: Wire
) -> None:
    """G1, G2: the client knows what it applied; what was on its way it never saw."""
    room = await town.room(town.bob)
    texts = [f"message {number}" for number in range(12)]
    cursor: str | None = await cursor_of(town.bob, room)
    applied: list[Told] = []

    for number in range(0, 12, 4):
        async with following(town.bob, room.database_id, cursor, wire) as stream:
            await say(town.alice, room, *texts[number : number + 4])
            taken = await stream.take_until(lambda told: told.about == texts[number + 1])  # noqa: B023  # called at once
            stream.cut()
        applied += taken
        cursor = taken[-1].cursor
    async with following(town.bob, room.database_id, cursor, wire) as stream:
        applied += await stream.take_until(lambda told: told.about == texts[-1])

    assert [told for told in applied if told.kind == "MessageSent"] == _said(*texts)


async def test_all_wires_tell_the_same_under_the_same_cursors(town: Town) -> None:
    """A cursor from a query or from any stream resumes any of them."""
    room = await town.room(town.bob)
    cursor = await cursor_of(town.bob, room)
    await say(town.alice, room, "one", "two")

    told = {}
    for wire in WIRES:
        async with following(town.bob, room.database_id, cursor, wire) as stream:
            told[wire] = await stream.take(3)

    for wire in WIRES:
        assert told[wire] == told["graphql"]
        assert [each.cursor for each in told[wire]] == [each.cursor for each in told["graphql"]]


@over_all_wires
async def test_a_request_made_and_admitted_in_the_admin_site_is_seen_live(
    town: Town, wire: Wire
) -> None:
    """G4: by the owner's room page and the requester's home page."""
    room = await town.room(title="The admin's")
    async with (
        following(town.alice, room.database_id, wire=wire) as owners,
        following(town.bob, wire=wire) as requesters,
        admin_site(town.server) as browser,
    ):
        assert [await owners.next(), await requesters.next()] == [Told("CaughtUp")] * 2

        add = "/admin/chat/joinrequest/add/"
        await submit(browser, add, room=room.database_id, user=town.bob.database_id)
        created = await owners.next()
        assert created == await requesters.next() == Told("JoinRequestCreated", created.about)

        change = f"/admin/chat/joinrequest/{created.about}/change/"
        assert "⏳ Pending" in (await browser.get(change)).text
        await submit(browser, change, status="ADMITTED")
        admitted = Told("JoinRequestAdmitted", created.about)
        seen_by_owner = await owners.take(2)
        seen_by_requester = await requesters.take(2)

        assert {(told.kind, told.about) for told in seen_by_owner} == {
            ("JoinRequestAdmitted", created.about),
            ("MemberJoined", "bob"),
        }
        assert seen_by_requester == [admitted, Told("RoomJoined", "The admin's")]
        assert "✅ Admitted" in (await browser.get(change)).text


@over_all_wires
async def test_a_removed_member_receives_nothing_after_the_removal(town: Town, wire: Wire) -> None:
    """G5: AccessRevoked takes the place of the own MemberLeft."""
    room = await town.room(town.bob, town.carol)
    async with (
        following(town.bob, room.database_id, wire=wire) as bobs,
        following(town.carol, room.database_id, wire=wire) as carols,
    ):
        assert [await bobs.next(), await carols.next()] == [Told("CaughtUp")] * 2

        await say(town.alice, room, "before")
        await town.remove(room, town.bob)
        await say(town.alice, room, "after")

        revoked = [*_said("before"), Told("AccessRevoked", "REMOVED")]
        assert await bobs.rest() == (revoked, ENDS[wire]["revoked"])
        left = Told("MemberLeft", "bob")
        assert await carols.take(3) == [*_said("before"), left, *_said("after")]


@over_all_wires
async def test_who_leaves_is_told_so_in_every_window(town: Town, wire: Wire) -> None:
    """G5: leaving ends the streams of that person, with the reason LEFT."""
    room = await town.room(town.bob)
    async with following(town.bob, room.database_id, wire=wire) as stream:
        assert await stream.next() == Told("CaughtUp")

        await town.bob.do("leaveRoom", roomId=room.id)

        left = [Told("AccessRevoked", "LEFT")]
        assert await stream.rest() == (left, ENDS[wire]["revoked"])


@over_all_wires
async def test_who_is_admitted_again_replays_past_the_own_removal(town: Town, wire: Wire) -> None:
    """G5: replayed, you receive an event if you have the right when the page is read."""
    room = await town.room(town.bob)
    cursor = await cursor_of(town.bob, room)
    await say(town.alice, room, "one")
    await town.remove(room, town.bob)
    await say(town.alice, room, "two")
    async with following(town.bob, room.database_id, cursor, wire) as stream:
        assert await stream.rest() == ([], ENDS[wire]["forbidden"])

    await town.admit(room, town.bob)
    async with following(town.bob, room.database_id, cursor, wire) as stream:
        replayed = await stream.take(5)
        await say(town.alice, room, "three")
        live = await stream.next()

    left, joined = Told("MemberLeft", "bob"), Told("MemberJoined", "bob")
    assert replayed == [*_said("one"), left, *_said("two"), joined, Told("CaughtUp")]
    assert live == Told("MessageSent", "three")


@over_all_wires
async def test_a_room_that_is_deleted_ends_the_streams_of_its_followers(
    town: Town, wire: Wire
) -> None:
    """G5, G8: RoomDeleted is the last event; for whoever comes later there is no such room."""
    room = await town.room(town.bob)
    cursor = await cursor_of(town.bob, room)
    async with (
        following(town.bob, room.database_id, wire=wire) as bobs,
        following(town.alice, room.database_id, wire=wire) as alices,
        following(town.bob, wire=wire) as homes,
    ):
        for stream in (bobs, alices, homes):
            assert await stream.next() == Told("CaughtUp")

        await say(town.alice, room, "last words")
        await town.alice.do("deleteRoom", roomId=room.id)

        for stream in (bobs, alices):
            last = [*_said("last words"), Told("RoomDeleted")]
            assert await stream.rest() == (last, ENDS[wire]["deleted"])
        assert await homes.next() == Told("RoomLeft")
    for after in (None, cursor):
        async with following(town.bob, room.database_id, after, wire) as stream:
            assert await stream.rest() == ([], ENDS[wire]["not found"])


CURSORS: dict[str, Callable[[str], str]] = {
    "empty": lambda cursor: "",
    "cut short": lambda cursor: cursor[:-1],
    "cut in half": lambda cursor: cursor[: len(cursor) // 2],
    "one character changed": lambda cursor: ("B" if cursor[0] == "A" else "A") + cursor[1:],
    "one character more": lambda cursor: cursor + "A",
    "padded": lambda cursor: cursor + "=",
    "a number": lambda cursor: "7",
    "no text of ours": lambda cursor: "~ü" * 300,
}


@over_all_wires
@pytest.mark.parametrize("forge", CURSORS.values(), ids=CURSORS)
async def test_a_damaged_cursor_is_refused(
    town: Town, wire: Wire, forge: Callable[[str], str]
) -> None:
    """G2, G5: nothing but what was given out opens a stream."""
    forged = forge(await cursor_of(town.bob))

    async with following(town.bob, None, forged, wire) as stream:
        assert await stream.rest() == ([], ENDS[wire]["invalid"])


@over_all_wires
async def test_a_cursor_of_another_stream_is_refused(town: Town, wire: Wire) -> None:
    """G5: another room's, another person's, the home page's, the owner's for a member."""
    room, other = await town.room(town.bob), await town.room(town.bob)
    foreign_in_room = [
        await cursor_of(town.bob, other),
        await cursor_of(town.bob),
        await cursor_of(town.alice, room),
    ]
    foreign_at_home = [await cursor_of(town.bob, room), await cursor_of(town.alice)]

    for after in foreign_in_room:
        async with following(town.bob, room.database_id, after, wire) as stream:
            assert await stream.rest() == ([], ENDS[wire]["invalid"])
    for after in foreign_at_home:
        async with following(town.bob, None, after, wire) as stream:
            assert await stream.rest() == ([], ENDS[wire]["invalid"])


@pytest.mark.parametrize("start", ["live", "replaying"])
@over_all_wires
async def test_removal_in_the_middle_of_a_flood_is_exact(
    town: Town, wire: Wire, start: str
) -> None:
    """G2, G3, G5: the removed person saw just the messages before the removal's offset."""
    room = await town.room(town.bob, town.carol, town.dave)
    beginning, bobs = await cursor_of(town.alice, room), await cursor_of(town.bob, room)
    async with AsyncExitStack() as stack:
        if start == "live":
            stream = await stack.enter_async_context(
                following(town.bob, room.database_id, bobs, wire)
            )
        flood = await stack.enter_async_context(
            _flood(room, [town.alice, town.carol, town.carol, town.dave])
        )
        if start == "replaying":
            await _until_said(town, room, beginning, 60)
            stream = await stack.enter_async_context(
                following(town.bob, room.database_id, bobs, wire)
            )
        seen = [await stream.next() for _ in range(40)]

        await town.remove(room, town.bob)
        rest, how = await stream.rest()
        flood.set()
    await say(town.alice, room, "the end")

    async with following(town.alice, room.database_id, beginning, wire) as stream:
        truth = await stream.take_until(lambda told: told.about == "the end")
    left = truth.index(Told("MemberLeft", "bob"))
    seen = [told for told in [*seen, *rest] if told.kind != "CaughtUp"]
    assert how == ENDS[wire]["revoked"]
    assert seen == [*truth[:left], Told("AccessRevoked", "REMOVED")]
    assert any(told.kind == "MessageSent" for told in truth[left:-1]), "The flood was over."


@asynccontextmanager
async def _flood(room: Room, writers: list[Person]) -> AsyncIterator[asyncio.Event]:
    """Let all write at the same time, as fast as they can, until told to stop."""
    stop = asyncio.Event()

    async def write(name: str, person: Person) -> None:
        async with httpx.AsyncClient(timeout=DEADLINE, headers=person.headers) as client:
            for number in itertools.count():
                await say_over(client, person, room, f"{name}.{number}")
                if stop.is_set():
                    return

    async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as tasks:
        for number, person in enumerate(writers):
            tasks.create_task(write(f"writer {number}", person))
        try:
            yield stop
        finally:
            stop.set()


async def _until_said(town: Town, room: Room, after: str, count: int) -> None:
    async with following(town.alice, room.database_id, after) as stream:
        for _ in range(count):
            await stream.next()
