"""Who may follow the topics of ``chat``, and which event ends that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import User

from chat import topics
from chat.events import MemberLeft, RoomDeleted, decode
from chat.models import Membership, Room
from realtime import log
from realtime.event import Event
from realtime.gate import End, Ending

_FAREWELLS_READ = 100


class EndReason(StrEnum):
    """Why someone may no longer follow."""

    REMOVED = "REMOVED"
    LEFT = "LEFT"
    ROOM_DELETED = "ROOM_DELETED"
    SIGNED_OUT = "SIGNED_OUT"


@dataclass(frozen=True, slots=True)
class RoomReader:
    """The claim to be a member of a room, and its owner if ``owns``."""

    user_id: int
    room_id: int
    owns: bool

    @property
    def topics(self) -> tuple[str, ...]:
        """What the reader follows; visibility is a topic, so this is all there is to see."""
        room = topics.room(self.room_id)
        return (room, topics.owner(self.room_id)) if self.owns else (room,)


@dataclass(frozen=True, slots=True)
class PersonReader:
    """The claim to be an active person, reading about oneself."""

    user_id: int

    @property
    def topics(self) -> tuple[str, ...]:
        return (topics.user(self.user_id),)


class _RoomGate:
    def authorise(self, claims: Collection[RoomReader]) -> Mapping[RoomReader, EndReason]:
        granted = _granted(claims)
        return _reasons([claim for claim in claims if claim not in granted])

    def ending(self, event: Event) -> Ending[RoomReader] | None:
        match decode(event):
            case MemberLeft(user, by_id):
                end = End(EndReason.LEFT if by_id == user.id else EndReason.REMOVED)
                return lambda claim: end if claim.user_id == user.id else None
            case RoomDeleted():
                return lambda _: End(EndReason.ROOM_DELETED, delivered=True)
            case _:
                return None


class _PersonGate:
    def authorise(self, claims: Collection[PersonReader]) -> Mapping[PersonReader, EndReason]:
        people = User.objects.filter(pk__in={claim.user_id for claim in claims}, is_active=True)
        active = set(people.values_list("pk", flat=True))
        return {each: EndReason.SIGNED_OUT for each in claims if each.user_id not in active}

    def ending(self, event: Event) -> None:
        decode(event)


room_gate = _RoomGate()
person_gate = _PersonGate()


def room_reader(user_id: int, room_id: int | None) -> RoomReader | None:
    """The claim that ``user_id`` can make on a room now, if any."""
    return None if room_id is None else room_readers([(user_id, room_id)]).get((user_id, room_id))


def room_readers(pairs: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], RoomReader]:
    """The claims that people can make on rooms now, by their ids and those of the rooms."""
    possible = [(user_id, room_id) for user_id, room_id in pairs if 0 < room_id < 2**63]
    return {
        (user_id, room_id): RoomReader(user_id, room_id, owner_id == user_id)
        for user_id, room_id, owner_id in Membership.objects.among(possible)
    }


def room_exists(room_id: int | None) -> bool:
    return room_id is not None and Room.objects.filter(pk=room_id).exists()


def _granted(claims: Collection[RoomReader]) -> set[RoomReader]:
    """Those that hold; an owner may also read as a member only."""
    readers = room_readers({(claim.user_id, claim.room_id) for claim in claims})
    held = {claim: readers.get((claim.user_id, claim.room_id)) for claim in claims}
    return {claim for claim, reader in held.items() if reader and reader.owns >= claim.owns}


def _reasons(refused: Collection[RoomReader]) -> Mapping[RoomReader, EndReason]:
    """Tell why the claims of people who are not in their rooms do not hold any more."""
    rooms = {claim.room_id for claim in refused}
    existing = set(Room.objects.filter(pk__in=rooms).values_list("pk", flat=True)) if rooms else ()
    left = {room_id: _left_by_themselves(room_id) for room_id in existing}
    return {claim: _reason(claim, left.get(claim.room_id)) for claim in refused}


def _reason(claim: RoomReader, left: Collection[int] | None) -> EndReason:
    if left is None:
        return EndReason.ROOM_DELETED
    return EndReason.LEFT if claim.user_id in left else EndReason.REMOVED


def _left_by_themselves(room_id: int) -> Collection[int]:
    """Those whose last farewell to the room, as far as it is remembered, was their own."""
    told = log.last(topics.room(room_id), MemberLeft.kind, _FAREWELLS_READ)
    farewells = [event for event in map(decode, reversed(told)) if isinstance(event, MemberLeft)]
    by_whom = {farewell.user.id: farewell.by_id for farewell in farewells}
    return {user_id for user_id, by_id in by_whom.items() if user_id == by_id}
