"""
Who may.

Each function returns what it was asked about, read afresh, or raises. What the
caller may not see is ``NotFound``, what it may see but not do is ``Forbidden``,
and whoever is not signed in is ``Unauthenticated`` before anything else. Call
them before the lock, to fail fast, and again under it, to be right.

An id is ``None`` where the caller sent something that is no id.
"""

from __future__ import annotations

from typing import TypeAlias

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from chat.errors import Forbidden, NotFound, Unauthenticated
from chat.models import JoinRequest, Membership, Room

Actor: TypeAlias = User | AnonymousUser

_LARGEST_ID = 2**63 - 1


def signed_in(actor: Actor) -> User:
    """Whoever is signed in and still active."""
    person = User.objects.filter(pk=actor.pk, is_active=True).first() if actor.pk else None
    if person is None:
        raise Unauthenticated
    return person


def membership_of(actor: Actor, room_id: int | None) -> Membership:
    """The actor's own membership of a room, with ``user`` and ``room.owner`` loaded."""
    memberships = Membership.objects.with_room().filter(user=actor.pk, user__is_active=True)
    found = memberships.filter(room=_possible_or_none(room_id)).one()
    if found is None:
        signed_in(actor)
        raise NotFound("room")
    return found


def member_of(actor: Actor, room_id: int | None) -> User:
    """The actor, who is in the room; finds what :func:`membership_of` finds, at less cost."""
    possible = _possible_or_none(room_id)
    if actor.is_authenticated and possible and Membership.objects.holds(actor.pk, possible):
        return actor
    return membership_of(actor, room_id).user


def room_owned_by(actor: Actor, room_id: int | None) -> Room:
    room = membership_of(actor, room_id).room
    if room.owner_id != actor.pk:
        raise Forbidden("Only the owner of the room may do this.")
    return room


def member_to_remove(actor: Actor, room_id: int | None, user_id: int | None) -> Membership:
    """The membership of ``user_id`` in a room that the actor owns."""
    room = room_owned_by(actor, room_id)
    memberships = Membership.objects.with_room().filter(room=room)
    found = memberships.filter(user=_possible(user_id, "member")).first()
    if found is None:
        raise NotFound("member")
    return found


def room_to_join(actor: Actor, room_id: int | None) -> Room:
    """A room that anyone may enter, or one that the actor is in already."""
    person = signed_in(actor)
    # In one query, or a second one would tell that there is a room.
    may_enter = Q(access=Room.Access.OPEN) | Q(pk__in=Room.objects.visible_to(person))
    rooms = Room.objects.with_owner().filter(may_enter)
    room = rooms.filter(pk=_possible(room_id, "room")).first()
    if room is None:
        raise NotFound("room")
    return room


def room_behind(actor: Actor, join_code: str) -> Room:
    """The room whose door ``join_code`` leads to, whatever text that is."""
    signed_in(actor)
    possible = join_code.isascii() and "\0" not in join_code
    room = Room.objects.with_owner().filter(join_code=join_code).first() if possible else None
    if room is None:
        raise NotFound("room")
    return room


def request_to_withdraw(actor: Actor, join_request_id: int | None) -> JoinRequest:
    join_request = _request_seen_by(actor, join_request_id)
    if join_request.user_id != actor.pk:
        raise Forbidden("Only the requester may withdraw a request.")
    return join_request


def request_to_decide(actor: Actor, join_request_id: int | None) -> JoinRequest:
    join_request = _request_seen_by(actor, join_request_id)
    if join_request.room.owner_id != actor.pk:
        raise Forbidden("Only the owner of the room may admit or deny.")
    return join_request


def _request_seen_by(actor: Actor, join_request_id: int | None) -> JoinRequest:
    person = signed_in(actor)
    requests = JoinRequest.objects.with_people()
    found = requests.filter(pk=_possible(join_request_id, "join request")).first()
    if found is None or person.pk not in (found.user_id, found.room.owner_id):
        raise NotFound("join request")
    return found


def _possible(row_id: int | None, what: str) -> int:
    possible = _possible_or_none(row_id)
    if possible is None:
        raise NotFound(what)
    return possible


def _possible_or_none(row_id: int | None) -> int | None:
    # SQLite's driver raises OverflowError for numbers that PostgreSQL would not find.
    return row_id if row_id is not None and 0 < row_id <= _LARGEST_ID else None
