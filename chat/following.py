"""Following a room or oneself: ``realtime`` with the rights of ``chat``."""

from __future__ import annotations

from chat import gates
from chat.errors import NotFound, Unauthenticated
from chat.gates import PersonReader
from realtime import hub, pull
from realtime.errors import Refused
from realtime.follower import Follower
from realtime.pull import Page


async def follow_room(user_id: int, room_id: int | None, *, after: str | None) -> Follower:
    """
    Follow a room as a member of it, or as its owner.

    Raises:
        NotFound: If the person is not in such a room.
        InvalidCursor: If ``after`` is not a cursor of this room for this person.

    """
    claim = None
    if room_id is not None:
        claim = await hub.current().look_up(gates.room_readers, (user_id, room_id))
    if claim is None:
        raise NotFound("room")
    try:
        return await hub.current().follow(
            claim.topics, after=after, gate=gates.room_gate, claim=claim
        )
    except Refused as error:
        raise NotFound("room") from error


async def follow_person(user_id: int, *, after: str | None) -> Follower:
    """
    Follow what concerns one person: their rooms and their requests.

    Raises:
        Unauthenticated: If the person is not active.
        InvalidCursor: If ``after`` is not a cursor of this person's.

    """
    claim = PersonReader(user_id)
    try:
        return await hub.current().follow(
            claim.topics, after=after, gate=gates.person_gate, claim=claim
        )
    except Refused as error:
        raise Unauthenticated from error


def pull_room(user_id: int, room_id: int | None, *, after: str, limit: int) -> Page:
    """Read one page of a room in the open snapshot; raises as :func:`follow_room` does."""
    claim = gates.room_reader(user_id, room_id)
    if claim is None:
        raise NotFound("room")
    return pull.pull(claim.topics, after=after, limit=limit, gate=gates.room_gate, claim=claim)


def pull_person(user_id: int, *, after: str, limit: int) -> Page:
    """Read one page about a person in the open snapshot; raises as :func:`follow_person` does."""
    claim = PersonReader(user_id)
    try:
        return pull.pull(
            claim.topics, after=after, limit=limit, gate=gates.person_gate, claim=claim
        )
    except Refused as error:
        raise Unauthenticated from error
