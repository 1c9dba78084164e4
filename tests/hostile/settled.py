"""The same people and the same room at a real server, from outside."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count

from tests.clients import Json, Person, sign_up
from tests.hostile.matrix import STANDINGS
from tests.server import Server

_names = count()


@dataclass(frozen=True)
class Settled:
    """A room that is entered by request, with somebody of each standing."""

    server: Server
    people: dict[str, Person]
    room: Json
    members_cursor: str
    owners_cursor: str

    @property
    def owner(self) -> Person:
        return self.people["owner"]

    @property
    def path(self) -> str:
        return f"room/{self.room['databaseId']}"


async def settle(server: Server, title: str = "The room") -> Settled:
    number = next(_names)
    people = {
        name: await sign_up(server.http, server.ws, f"{name}_{number}")
        for name in STANDINGS
        if name != "signed_out"
    }
    await asyncio.to_thread(_empower, server, people["staff"])
    owner = people["owner"]
    room = (await owner.do("createRoom", title=title, access="BY_REQUEST"))["room"]
    for name in ("member", "former", "readmitted"):
        await let_in(people[name], room, owner)
    for name in ("former", "readmitted"):
        await owner.do("removeMember", roomId=room["id"], userId=await global_id(people[name]))
    await let_in(people["readmitted"], room, owner)
    await people["requester"].do("requestToJoin", joinCode=room["joinCode"])
    cursors = [await _cursor(person, room) for person in (people["member"], owner)]
    return Settled(server, people, room, *cursors)


async def let_in(person: Person, room: Json, owner: Person) -> None:
    asked = await person.do("requestToJoin", joinCode=room["joinCode"])
    await owner.do("admitJoinRequest", joinRequestId=asked["joinRequest"]["id"])


async def global_id(person: Person) -> str:
    return str((await person.ask("{ viewer { user { id } } }"))["viewer"]["user"]["id"])


async def _cursor(person: Person, room: Json) -> str:
    query = "query ($id: ID!) { room(id: $id) { eventCursor } }"
    return str((await person.ask(query, id=room["id"]))["room"]["eventCursor"])


def _empower(server: Server, person: Person) -> None:
    script = (
        "from django.contrib.auth.models import User;"
        f"User.objects.filter(pk={person.database_id}).update(is_staff=True, is_superuser=True)"
    )
    server.manage("shell", "-c", script)
