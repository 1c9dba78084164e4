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
from realtime.gate import End

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

    def ends(self, event: Event, claim: RoomReader) -> End | None:
        match decode(event):
            case MemberLeft(user, by_id) if user.id == claim.user_id:
                return End(EndReason.LEFT if by_id == user.id else EndReason.REMOVED)
            case RoomDeleted():
                return End(EndReason.ROOM_DELETED, delivered=True)
            case _:
                return None


class _PersonGate:
    def authorise(self, claims: Collection[PersonReader]) -> Mapping[PersonReader, EndReason]:
        people = User.objects.filter(pk__in={claim.user_id for claim in claims}, is_active=True)
        active = set(people.values_list("pk", flat=True))
        return {each: EndReason.SIGNED_OUT for each in claims if each.user_id not in active}

    def ends(self, event: Event, claim: PersonReader) -> End | None:  # noqa: ARG002  # the seam's signature
        decode(event)
        return None


room_gate = _RoomGate()
person_gate = _PersonGate()


def room_reader(user_id: int, room_id: int | None) -> RoomReader | None:
    """The claim that ``user_id`` can make on a room now, if any."""
    if room_id is None or not 0 < room_id < 2**63:
        return None
    memberships = Membership.objects.filter(user_id=user_id, room_id=room_id)
    owner_id = memberships.values_list("room__owner_id", flat=True).first()
    return None if owner_id is None else RoomReader(user_id, room_id, owner_id == user_id)


def room_exists(room_id: int | None) -> bool:
    return room_id is not None and Room.objects.filter(pk=room_id).exists()


def _granted(claims: Collection[RoomReader]) -> set[RoomReader]:
    memberships = Membership.objects.filter(
        room_id__in={claim.room_id for claim in claims},
        user_id__in={claim.user_id for claim in claims},
    ).values_list("user_id", "room_id", "room__owner_id")
    return {
        RoomReader(user_id, room_id, owns)
        for user_id, room_id, owner_id in memberships.iterator()
        for owns in ((False, True) if owner_id == user_id else (False,))
    }


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
