"""
Everything that people and administrators can do, each as a name and four small numbers.

The numbers choose among what there is at that moment, so any sequence of deeds
can be done. What the state of things does not allow is refused, and that is fine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from chat import actions, changes
from chat.errors import ChatError
from chat.models import JoinRequest, Membership, Room


class Deed(NamedTuple):
    what: str
    who: int = 0
    where: int = 0
    other: int = 0
    number: int = 0


@dataclass(frozen=True)
class World:
    """Some people, and an administrator whose browser is signed in by ``cookie``."""

    people: Sequence[User]
    cookie: str

    @classmethod
    def with_people(cls, prefix: str, count: int) -> World:
        people = [User.objects.create(username=f"{prefix}{number}") for number in range(count)]
        boss = User.objects.create(username=f"{prefix}boss", is_staff=True, is_superuser=True)
        browser = Client()
        browser.force_login(boss)
        room = changes.create_room(owner=people[0], title="Room", access=Room.Access.BY_REQUEST)
        lobby = changes.create_room(owner=people[1], title="Lobby", access=Room.Access.OPEN)
        changes.admit(changes.request_to_join(room, user=people[1]), by=people[0])
        changes.join_open_room(lobby, user=people[3])
        changes.request_to_join(room, user=people[2])
        return cls(people, browser.cookies["sessionid"].value)

    @property
    def rooms(self) -> QuerySet[Room]:
        return Room.objects.filter(owner__in=self.people).select_related("owner").order_by("pk")

    @property
    def requests(self) -> QuerySet[JoinRequest]:
        return JoinRequest.objects.filter(room__in=self.rooms).with_people().order_by("-pk")

    def do(self, deed: Deed) -> None:
        """Do it, or be refused; call this in a worker thread."""
        with suppress(ChatError, Nothing):
            _DEEDS[deed.what](self, deed)

    def talk_in(self, room_id: int) -> None:
        """Let the owner say a few things, if there is such a room."""
        for room in self.rooms.filter(pk=room_id):
            for number in range(3):
                changes.send_message(room, sender=room.owner, text=f"Talk {number}")

    def remove_from(self, room_id: int, person: User) -> None:
        """Remove someone who is not the owner, and say something behind their back."""
        others = Membership.objects.with_room().exclude(room__owner=person)
        for membership in others.filter(room_id=room_id, user=person):
            changes.remove_member(membership, by=membership.room.owner)
            self.talk_in(room_id)

    def outsider(self, room: Room, deed: Deed) -> User:
        members = set(room.memberships.values_list("user_id", flat=True))
        outside: User = _pick([each for each in self.people if each.pk not in members], deed.who)
        return outside

    def person(self, number: int) -> User:
        return self.people[number % len(self.people)]

    def room(self, deed: Deed) -> Room:
        found: Room = _pick(self.rooms, deed.where)
        return found

    def request(self, deed: Deed) -> JoinRequest:
        """Mostly one that is pending, the newest first."""
        pending = self.requests.filter(status=JoinRequest.Status.PENDING)
        found: JoinRequest = _pick(
            pending if deed.other % 4 and pending else self.requests, deed.where
        )
        return found

    def membership(self, deed: Deed) -> Membership:
        members = self.room(deed).memberships.with_room()
        found: Membership = _pick(members.order_by("pk"), deed.other)
        return found

    def guest(self, deed: Deed) -> Membership:
        """A member who does not own the room."""
        room = self.room(deed)
        guests = room.memberships.with_room().exclude(user=room.owner)
        found: Membership = _pick(guests.order_by("pk"), deed.other)
        return found

    def submit(self, name: str, *arguments: Any, **values: Any) -> None:
        """Send a form of the admin site, which answers with a page or leads to one."""
        browser = Client()
        browser.cookies["sessionid"] = self.cookie
        response = browser.post(reverse(f"admin:chat_{name}", args=arguments), values)
        assert response.status_code in (200, 302), response

    def run(self, model: str, action: str, rows: Sequence[Any], **values: str) -> None:
        chosen = [row.pk for row in rows]
        self.submit(f"{model}_changelist", action=action, _selected_action=chosen, **values)


class Nothing(Exception):
    """There is nothing to do it to."""


def _pick(rows: Any, number: int) -> Any:
    found = list(rows)
    if not found:
        raise Nothing
    return found[number % len(found)]


def _access(deed: Deed) -> Room.Access:
    return Room.Access.OPEN if deed.number % 3 == 0 else Room.Access.BY_REQUEST


def _create_room(world: World, deed: Deed) -> None:
    owner = world.person(deed.who)
    actions.create_room(actor=owner, title=f"New {deed.number}", access=_access(deed))


def _rename_room(world: World, deed: Deed) -> None:
    room = world.room(deed)
    actions.rename_room(actor=room.owner, room_id=room.pk, title=f"Title {deed.number}")


def _rotate_join_code(world: World, deed: Deed) -> None:
    room = world.room(deed)
    actions.rotate_join_code(actor=room.owner, room_id=room.pk)


def _delete_room(world: World, deed: Deed) -> None:
    room = world.room(deed)
    actions.delete_room(actor=room.owner, room_id=room.pk)


def _join(world: World, deed: Deed) -> None:
    room = _pick(world.rooms.filter(access=Room.Access.OPEN), deed.where)
    actions.join_room(actor=world.outsider(room, deed), room_id=room.pk)


def _request(world: World, deed: Deed) -> None:
    room = _pick(world.rooms.filter(access=Room.Access.BY_REQUEST), deed.where)
    actions.request_to_join(actor=world.outsider(room, deed), join_code=room.join_code)


def _withdraw(world: World, deed: Deed) -> None:
    asked = world.request(deed)
    actions.withdraw_join_request(actor=asked.user, join_request_id=asked.pk)


def _admit(world: World, deed: Deed) -> None:
    asked = world.request(deed)
    actions.admit_join_request(actor=asked.room.owner, join_request_id=asked.pk)


def _deny(world: World, deed: Deed) -> None:
    asked = world.request(deed)
    actions.deny_join_request(actor=asked.room.owner, join_request_id=asked.pk)


def _leave(world: World, deed: Deed) -> None:
    guest = world.guest(deed)
    actions.leave_room(actor=guest.user, room_id=guest.room_id)


def _remove(world: World, deed: Deed) -> None:
    guest = world.guest(deed)
    owner = guest.room.owner
    actions.remove_member(actor=owner, room_id=guest.room_id, user_id=guest.user_id)


def _come_again(world: World, deed: Deed) -> None:
    """Lose the right to a room and get it back."""
    guest = world.guest(deed)
    room, person = guest.room, guest.user
    changes.remove_member(guest, by=room.owner)
    if room.access == Room.Access.OPEN:
        changes.join_open_room(room, user=person)
    else:
        changes.admit(changes.request_to_join(room, user=person), by=room.owner)


def _send(world: World, deed: Deed) -> None:
    """Say something as a member; every other time under one of a few names, mostly repeated."""
    sender = world.membership(deed)
    name = f"name {deed.number % 4}" if deed.number % 2 else None
    sent = [
        actions.send_message(
            actor=sender.user,
            room_id=sender.room_id,
            text=f"Text {deed.number}",
            client_mutation_id=name,
        )
        for _ in range(2)
    ]
    assert (len({message.pk for message in sent}) == 1) is (name is not None)


def _talk(world: World, deed: Deed) -> None:
    world.talk_in(world.room(deed).pk)


def _intrude(world: World, deed: Deed) -> None:
    """Do what is mostly not one's to do: it must be refused, or be one's right."""
    actor, room = world.person(deed.who), world.room(deed)
    actions.rename_room(actor=actor, room_id=room.pk, title="Taken over")
    assert actor == room.owner


def _admin_create_room(world: World, deed: Deed) -> None:
    values = {"title": f"Official {deed.number}", "access": _access(deed)}
    world.submit("room_add", **values, owner=world.person(deed.who).pk)


def _admin_rename_room(world: World, deed: Deed) -> None:
    world.submit("room_change", world.room(deed).pk, title=f"Official {deed.number}")


def _admin_delete_room(world: World, deed: Deed) -> None:
    world.submit("room_delete", world.room(deed).pk, post="yes")


def _admin_delete_rooms(world: World, deed: Deed) -> None:
    world.run("room", "delete_selected", list(world.rooms)[2:5], post="yes")


def _admin_request(world: World, deed: Deed) -> None:
    room = world.room(deed)
    world.submit("joinrequest_add", room=room.pk, user=world.outsider(room, deed).pk)


def _admin_decide(world: World, deed: Deed) -> None:
    status = JoinRequest.Status.DENIED if deed.number % 3 == 0 else JoinRequest.Status.ADMITTED
    world.submit("joinrequest_change", world.request(deed).pk, status=status)


def _admin_admit_all(world: World, deed: Deed) -> None:
    world.run("joinrequest", "admit_selected", list(world.requests[:4]))


def _admin_deny_all(world: World, deed: Deed) -> None:
    world.run("joinrequest", "deny_selected", list(world.requests[:4]))


def _admin_delete_request(world: World, deed: Deed) -> None:
    world.submit("joinrequest_delete", world.request(deed).pk, post="yes")


def _admin_delete_requests(world: World, deed: Deed) -> None:
    world.run("joinrequest", "delete_selected", list(world.requests[:4]), post="yes")


def _admin_remove(world: World, deed: Deed) -> None:
    world.submit("membership_delete", world.membership(deed).pk, post="yes")


def _admin_remove_all(world: World, deed: Deed) -> None:
    rows = world.room(deed).memberships.exclude(user=world.room(deed).owner)
    world.run("membership", "delete_selected", list(rows), post="yes")


_DEEDS: dict[str, Callable[[World, Deed], None]] = {
    "create room": _create_room,
    "rename room": _rename_room,
    "rotate join code": _rotate_join_code,
    "delete room": _delete_room,
    "join": _join,
    "request": _request,
    "withdraw": _withdraw,
    "admit": _admit,
    "deny": _deny,
    "leave": _leave,
    "remove": _remove,
    "come again": _come_again,
    "send": _send,
    "talk": _talk,
    "intrude": _intrude,
    "admin: create room": _admin_create_room,
    "admin: rename room": _admin_rename_room,
    "admin: delete room": _admin_delete_room,
    "admin: delete rooms": _admin_delete_rooms,
    "admin: request": _admin_request,
    "admin: decide": _admin_decide,
    "admin: admit all": _admin_admit_all,
    "admin: deny all": _admin_deny_all,
    "admin: delete request": _admin_delete_request,
    "admin: delete requests": _admin_delete_requests,
    "admin: remove": _admin_remove,
    "admin: remove all": _admin_remove_all,
}
OFTEN = (
    "send",
    "send",
    "send",
    "request",
    "request",
    "admit",
    "admit",
    "remove",
    "come again",
    "join",
)
"""What is done more often than the rest, so that there is something to see."""

NAMES = (*_DEEDS, *OFTEN)
