"""
Everything that can happen to rooms, and the only code that writes them (G4).

One function per change. Each locks the topics it concerns, reads again what it
decides by, writes, and appends exactly the events of the catalogue (design, §5).
Each is a transaction, or part of the one that is open; several changes in one
transaction may be refused with ``LockOrder``.

Who may is not asked here: ``chat.actions`` asks ``chat.policies``, the admin site
asks Django's permissions. What must always hold is upheld here, with ``Conflict``;
what has gone meanwhile is ``NotFound``. Texts come validated by ``chat.texts``.
"""

from __future__ import annotations

import msgspec
from django.contrib.auth.models import User
from django.utils import timezone

from chat import topics
from chat.errors import (
    AlreadyDecided,
    AlreadyMember,
    AlreadyRequested,
    ClientMutationIdReused,
    NotFound,
    OwnerStays,
    RoomIsByRequest,
    RoomIsOpen,
)
from chat.events import (
    ChatEvent,
    JoinCodeRotated,
    JoinRequestAdmitted,
    JoinRequestCreated,
    JoinRequestDenied,
    JoinRequestWithdrawn,
    MemberJoined,
    MemberLeft,
    MessageSent,
    RoomDeleted,
    RoomJoined,
    RoomLeft,
    RoomRenamed,
    publish,
)
from chat.guard import change
from chat.models import JoinRequest, Membership, Message, Room, new_join_code
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime import log


@change
def create_room(*, owner: User, title: str, access: Room.Access) -> Room:
    """Found a room with ``owner`` in it."""
    log.lock(topics.user(owner.pk))
    room = Room.objects.create(owner=owner, title=title, access=access)
    room.memberships.grant_to(owner)
    publish(topics.user(owner.pk), RoomJoined(RoomData.of(room)))
    return room


@change
def rename_room(room: Room, *, title: str) -> Room:
    log.lock(*topics.of_talk(room.pk))
    room = _again(room)
    room.title = title
    room.save(update_fields=["title"])
    publish(topics.room(room.pk), RoomRenamed(RoomData.of(room)))
    return room


@change
def rotate_join_code(room: Room) -> Room:
    """Give the room a new join code; the old one leads nowhere from now on."""
    log.lock(*topics.of_join_code(room.pk))
    room = _again(room)
    room.join_code = new_join_code()
    room.save(update_fields=["join_code"])
    publish(topics.owner(room.pk), JoinCodeRotated(room.join_code))
    return room


@change
def request_to_join(room: Room, *, user: User) -> JoinRequest:
    """Ask the owner to let ``user`` in."""
    log.lock(*topics.of_request(room.pk, user.pk))
    room = _again(room)
    if room.access == Room.Access.OPEN:
        raise RoomIsOpen(room.title)
    _require_outside(room, user)
    if room.join_requests.pending().by(user).exists():
        raise AlreadyRequested(user.username)
    join_request = room.join_requests.create(user=user)
    _tell_both(join_request, JoinRequestCreated(JoinRequestData.of(join_request)))
    return join_request


@change
def admit(join_request: JoinRequest, *, by: User) -> JoinRequest:
    """Let the requester into the room and tell everyone who watches it."""
    log.lock(*topics.of_admission(join_request.room_id, join_request.user_id))
    join_request = _settled(join_request, JoinRequest.Status.ADMITTED, by=by)
    _tell_both(join_request, JoinRequestAdmitted(JoinRequestData.of(join_request)))
    _let_in(join_request.room, join_request.user)
    return join_request


@change
def deny(join_request: JoinRequest, *, by: User) -> JoinRequest:
    log.lock(*topics.of_request(join_request.room_id, join_request.user_id))
    join_request = _settled(join_request, JoinRequest.Status.DENIED, by=by)
    _tell_both(join_request, JoinRequestDenied(JoinRequestData.of(join_request)))
    return join_request


@change
def withdraw(join_request: JoinRequest) -> JoinRequest:
    """Take the request back, as the requester may."""
    log.lock(*topics.of_request(join_request.room_id, join_request.user_id))
    requester = join_request.user
    join_request = _settled(join_request, JoinRequest.Status.WITHDRAWN, by=requester)
    _tell_both(join_request, JoinRequestWithdrawn(JoinRequestData.of(join_request)))
    return join_request


@change
def delete_join_request(join_request: JoinRequest) -> None:
    """Forget a request; one that was pending is seen as denied."""
    log.lock(*topics.of_request(join_request.room_id, join_request.user_id))
    join_request = _request_again(join_request)
    if join_request.is_pending:
        _tell_both(join_request, JoinRequestDenied(_as_denied(join_request)))
    join_request.delete()


@change
def join_open_room(room: Room, *, user: User) -> Room:
    log.lock(*topics.of_membership(room.pk, user.pk))
    room = _again(room)
    _require_outside(room, user)
    if room.access != Room.Access.OPEN:
        raise RoomIsByRequest(room.title)
    _let_in(room, user)
    return room


@change
def remove_member(membership: Membership, *, by: User) -> Room:
    """End someone's membership; ``by`` tells being removed from having left."""
    room_id, user_id = membership.room_id, membership.user_id
    log.lock(*topics.of_membership(room_id, user_id))
    membership = _membership_again(membership)
    room, user = membership.room, membership.user
    if user_id == room.owner_id:
        raise OwnerStays(user.username)
    membership.delete()
    publish(topics.room(room_id), MemberLeft(UserData.of(user), by.pk))
    publish(topics.user(user_id), RoomLeft(room_id))
    return room


def leave_room(membership: Membership) -> Room:
    return remove_member(membership, by=membership.user)


@change
def send_message(
    room: Room, *, sender: User, text: str, client_mutation_id: str | None = None
) -> Message:
    """
    Say something in the room, as a member of it.

    The same ``client_mutation_id`` with the same text gives the message that was
    made the first time, and no second event (G9).

    Raises:
        ClientMutationIdReused: If it was another text the first time.
        NotFound: If the sender is not in the room.

    """
    log.lock(*topics.of_talk(room.pk))
    found = Membership.objects.room_between(sender.pk, room.pk)
    if found is None:
        raise NotFound("room")
    room = found
    if earlier := room.messages.sent_as(client_mutation_id, by=sender):
        return _if_same(earlier, text)
    message = room.messages.create(
        sender=sender,
        text=text,
        offset=log.next_offset(topics.room(room.pk)),
        client_mutation_id=client_mutation_id,
    )
    publish(topics.room(room.pk), MessageSent(MessageData.of(message), client_mutation_id))
    return message


@change
def delete_room(room: Room) -> None:
    """End the room for all who are in it or wait for it, and forget all that was said."""
    log.lock(*topics.of_end(room.pk))
    room = _again(room)
    members = list(room.memberships.values_list("user_id", flat=True))
    waiting = list(room.join_requests.pending().with_people())
    log.lock(*map(topics.user, {*members, *(each.user_id for each in waiting)}))
    _close(room)
    for user_id in members:
        publish(topics.user(user_id), RoomLeft(room.pk))
    for each in waiting:
        publish(topics.user(each.user_id), JoinRequestDenied(_as_denied(each)))
    _erase(room)


def _again(room: Room) -> Room:
    found = Room.objects.with_owner().filter(pk=room.pk).one()
    if found is None:
        raise NotFound("room")
    return found


def _request_again(join_request: JoinRequest) -> JoinRequest:
    found = JoinRequest.objects.with_people().filter(pk=join_request.pk).one()
    if found is None:
        raise NotFound("join request")
    return found


def _membership_again(membership: Membership) -> Membership:
    found = Membership.objects.with_room().filter(pk=membership.pk).one()
    if found is None:
        raise NotFound("member")
    return found


def _settled(join_request: JoinRequest, status: JoinRequest.Status, *, by: User) -> JoinRequest:
    join_request = _request_again(join_request)
    if not join_request.is_pending:
        raise AlreadyDecided(join_request.status)
    join_request.settle(status, by=by)
    return join_request


def _require_outside(room: Room, user: User) -> None:
    if room.memberships.of(user).exists():
        raise AlreadyMember(user.username)


def _let_in(room: Room, user: User) -> None:
    _require_outside(room, user)
    room.memberships.grant_to(user)
    publish(topics.room(room.pk), MemberJoined(UserData.of(user)))
    publish(topics.user(user.pk), RoomJoined(RoomData.of(room)))


def _tell_both(join_request: JoinRequest, event: ChatEvent) -> None:
    publish(topics.owner(join_request.room_id), event)
    publish(topics.user(join_request.user_id), event)


def _as_denied(join_request: JoinRequest) -> JoinRequestData:
    data = JoinRequestData.of(join_request)
    denied = JoinRequest.Status.DENIED
    return msgspec.structs.replace(data, status=denied, decided_at=timezone.now())


def _if_same(earlier: Message, text: str) -> Message:
    if earlier.text != text:
        raise ClientMutationIdReused(earlier.client_mutation_id or "")
    return earlier


def _close(room: Room) -> None:
    publish(topics.room(room.pk), RoomDeleted(room.pk))
    log.close(topics.room(room.pk), keep_last=True)
    log.close(topics.owner(room.pk), keep_last=False)


def _erase(room: Room) -> None:
    # In one statement each: Django would load every message to cascade over it.
    room.messages.all().erase()
    room.join_requests.all().erase()
    room.memberships.all().erase()
    Room.objects.filter(pk=room.pk).erase()
