"""
Every way in which a stream loses its right, over every wire: it ends in time and says
why, nothing comes after, and the same credentials open no other (G5, G10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import Json, Person, ask, sign_up
from tests.end_to_end.admin_site import admin_site, submit
from tests.end_to_end.conftest import Room, Town, say
from tests.end_to_end.streams import Told, Wire, following
from tests.end_to_end.test_story import WIRES, over_all_wires

IN_TIME = 5.0
"""Seconds after what ended it was done."""
FRESH_START = "another-password-5812"

How = dict[Wire, int | str]

_names = count()


@dataclass(frozen=True)
class Guest:
    """A member of the room, signed in ``here`` and ``there``."""

    here: Person
    there: Person
    username: str


@dataclass(frozen=True)
class Ending:
    """
    ``do`` takes a right away. ``told`` is what its stream hears last, where that is an event;
    then it ends by ``how``, and whoever asks again is ``refused``.
    """

    do: Callable[[Town, Room, Guest], Awaitable[object]]
    told: dict[Wire, Told]
    how: How
    refused: How
    ends_there: bool = field(default=True)


def _over(graphql: int | str, plain: int | str, over_http: int | str) -> How:
    return {"graphql": graphql, "plain": plain, "sse": over_http, "multipart": over_http}


def _of_session(
    do: Callable[[Town, Room, Guest], Awaitable[object]], *, everywhere: bool
) -> Ending:
    last = Told("AccessRevoked", "SIGNED_OUT")
    return Ending(
        do,
        {"sse": last, "multipart": last},
        _over(4401, 4401, "complete"),
        _over(4403, 4401, "UNAUTHENTICATED"),
        everywhere,
    )


async def _sign_out(_town: Town, _room: Room, guest: Guest) -> None:
    await guest.here.ask("mutation { signOut { __typename } }")


async def _revoke(_town: Town, _room: Room, guest: Guest) -> None:
    data: Json = await guest.here.ask("{ viewer { sessions { id current } } }")
    current = [each["id"] for each in data["viewer"]["sessions"] if each["current"]]
    await guest.there.do("revokeSession", sessionId=current[0])


async def _change_password(town: Town, _room: Room, guest: Guest) -> None:
    async with admin_site(town.server) as browser:
        path = f"/admin/auth/user/{guest.here.database_id}/password/"
        values = {"password1": FRESH_START, "password2": FRESH_START, "usable_password": "true"}
        await submit(browser, path, **values)


async def _deactivate(town: Town, _room: Room, guest: Guest) -> None:
    async with admin_site(town.server) as browser:
        path = f"/admin/auth/user/{guest.here.database_id}/change/"
        joined = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        await submit(browser, path, username=guest.username, **joined)


async def _expire(town: Town, _room: Room, guest: Guest) -> None:
    """As if its two weeks were over; nothing rings then."""
    script = (
        "from accounts.models import Session; from accounts.tokens import session_key_of;"
        "from django.utils import timezone;"
        f"held = Session.objects.filter(session_key=session_key_of({guest.here.token!r}));"
        "assert held.update(expire_date=timezone.now()) == 1"
    )
    await asyncio.to_thread(town.server.manage, "shell", "-c", script)


async def _remove(town: Town, room: Room, guest: Guest) -> None:
    await town.remove(room, guest.here)


async def _leave(_town: Town, room: Room, guest: Guest) -> None:
    await guest.there.do("leaveRoom", roomId=room.id)


async def _delete(town: Town, room: Room, _guest: Guest) -> None:
    await town.alice.do("deleteRoom", roomId=room.id)


_OUTSIDE = _over("NOT_FOUND", 4403, "NOT_FOUND")
OF_SESSIONS = {
    "sign-out": _of_session(_sign_out, everywhere=False),
    "revokeSession": _of_session(_revoke, everywhere=False),
    "expiry": _of_session(_expire, everywhere=False),
    "password": _of_session(_change_password, everywhere=True),
    "deactivation": _of_session(_deactivate, everywhere=True),
}
OF_MEMBERSHIPS = {
    "removal": Ending(
        _remove,
        dict.fromkeys(WIRES, Told("AccessRevoked", "REMOVED")),
        _over("complete", 4403, "complete"),
        _OUTSIDE,
    ),
    "departure": Ending(
        _leave,
        dict.fromkeys(WIRES, Told("AccessRevoked", "LEFT")),
        _over("complete", 4403, "complete"),
        _OUTSIDE,
    ),
    "deletion": Ending(
        _delete,
        dict.fromkeys(WIRES, Told("RoomDeleted")),
        _over("complete", 4404, "complete"),
        _over("NOT_FOUND", 4404, "NOT_FOUND"),
    ),
}
ENDINGS = OF_SESSIONS | OF_MEMBERSHIPS


@over_all_wires
@pytest.mark.parametrize("name", ENDINGS)
async def test_a_stream_that_has_lost_its_right_ends_in_time_and_tells_nothing_more(
    town: Town, wire: Wire, name: str
) -> None:
    ending = ENDINGS[name]
    room = await town.room(town.carol)
    guest = await _guest(town, room)
    over = ([ending.told[wire]] if wire in ending.told else [], ending.how[wire])
    async with AsyncExitStack() as stack:
        here, there, carols = [
            await stack.enter_async_context(following(person, room.database_id, wire=wire))
            for person in (guest.here, guest.there, town.carol)
        ]
        home = await stack.enter_async_context(following(guest.here, wire=wire))
        for stream in (here, there, carols, home):
            assert await stream.next() == Told("CaughtUp")

        await ending.do(town, room, guest)
        async with asyncio.timeout(IN_TIME):
            assert await here.rest() == over
            if name in OF_SESSIONS:
                assert await home.rest() == over
            if ending.ends_there:
                assert await there.rest() == over

        if name != "deletion":
            await say(town.alice, room, "too late")
            heard = await carols.take_until(lambda told: told.about == "too late")
            assert Told("AccessRevoked") not in heard
        if not ending.ends_there:
            assert await there.next() == Told("MessageSent", "too late")
        assert await here.after_the_end() == []
    assert await _refusal(guest.here, room, wire) == ending.refused[wire]


async def _guest(town: Town, room: Room) -> Guest:
    name = f"guest{next(_names)}"
    there = await sign_up(town.server.http, town.server.ws, name)
    await town.admit(room, there)
    return Guest(await _signed_in_again(there, name), there, name)


async def _signed_in_again(person: Person, username: str) -> Person:
    """The same person with a session of its own."""
    # Without a header: who signs in with a token keeps the session of that token.
    outcome = await ask(
        person.http,
        "mutation ($input: SignInInput!) { signIn(input: $input)"
        " { ... on SignInSuccess { token } } }",
        {"input": {"username": username, "password": f"{username}-anteroom-5812"}},
    )
    return Person(person.http, person.ws, outcome["signIn"]["token"], person.database_id)


async def _refusal(person: Person, room: Room, wire: Wire) -> int | str:
    try:
        async with following(person, room.database_id, wire=wire) as stream:
            told, how = await stream.rest()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
    assert told == []
    return how
