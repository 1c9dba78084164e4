"""
What people do: the policy and the change, one function for each mutation of the API.

``actor`` is whoever asks, signed in or not; ids are ``None`` where something that is
no id was sent. Each function has done all of it when it returns, and nothing when
it raises a ``ChatError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.contrib.auth.models import User
from django.db import transaction

from chat import changes, policies, texts, topics
from chat.models import JoinRequest, Membership, Message, Room
from chat.policies import Actor
from realtime import log

S = TypeVar("S")
R = TypeVar("R")


class _Entry(NamedTuple):
    """A room and the person before its door."""

    room: Room
    person: User


def create_room(*, actor: Actor, title: str, access: Room.Access) -> Room:
    title = texts.title(title)
    return _carry_out(
        lambda: policies.signed_in(actor),
        _of_person,
        lambda owner: changes.create_room(owner=owner, title=title, access=access),
    )


def rename_room(*, actor: Actor, room_id: int | None, title: str) -> Room:
    title = texts.title(title)
    return _carry_out(
        lambda: policies.room_owned_by(actor, room_id),
        lambda room: topics.of_talk(room.pk),
        lambda room: changes.rename_room(room, title=title),
    )


def rotate_join_code(*, actor: Actor, room_id: int | None) -> Room:
    return _carry_out(
        lambda: policies.room_owned_by(actor, room_id),
        lambda room: topics.of_join_code(room.pk),
        changes.rotate_join_code,
    )


def delete_room(*, actor: Actor, room_id: int | None) -> None:
    return _carry_out(
        lambda: policies.room_owned_by(actor, room_id),
        lambda room: topics.of_end(room.pk),
        changes.delete_room,
    )


def join_room(*, actor: Actor, room_id: int | None) -> Room:
    return _carry_out(
        lambda: _Entry(policies.room_to_join(actor, room_id), policies.signed_in(actor)),
        lambda entry: topics.of_membership(entry.room.pk, entry.person.pk),
        lambda entry: changes.join_open_room(entry.room, user=entry.person),
    )


def request_to_join(*, actor: Actor, join_code: str) -> JoinRequest:
    return _carry_out(
        lambda: _Entry(policies.room_behind(actor, join_code), policies.signed_in(actor)),
        lambda entry: topics.of_request(entry.room.pk, entry.person.pk),
        lambda entry: changes.request_to_join(entry.room, user=entry.person),
    )


def withdraw_join_request(*, actor: Actor, join_request_id: int | None) -> JoinRequest:
    return _carry_out(
        lambda: policies.request_to_withdraw(actor, join_request_id),
        _of_request,
        changes.withdraw,
    )


def admit_join_request(*, actor: Actor, join_request_id: int | None) -> JoinRequest:
    return _carry_out(
        lambda: policies.request_to_decide(actor, join_request_id),
        lambda asked: topics.of_admission(asked.room_id, asked.user_id),
        lambda asked: changes.admit(asked, by=asked.room.owner),
    )


def deny_join_request(*, actor: Actor, join_request_id: int | None) -> JoinRequest:
    return _carry_out(
        lambda: policies.request_to_decide(actor, join_request_id),
        _of_request,
        lambda asked: changes.deny(asked, by=asked.room.owner),
    )


def remove_member(*, actor: Actor, room_id: int | None, user_id: int | None) -> Room:
    return _carry_out(
        lambda: policies.member_to_remove(actor, room_id, user_id),
        _of_membership,
        lambda membership: changes.remove_member(membership, by=membership.room.owner),
    )


def leave_room(*, actor: Actor, room_id: int | None) -> Room:
    return _carry_out(
        lambda: policies.membership_of(actor, room_id),
        _of_membership,
        changes.leave_room,
    )


def send_message(
    *, actor: Actor, room_id: int | None, text: str, client_mutation_id: str | None = None
) -> Message:
    text = texts.message(text)
    client_mutation_id = texts.client_mutation_id(client_mutation_id)
    # Whether the sender is still in the room is read again by the change, under its lock.
    sender = policies.member_of(actor, room_id)
    return changes.send_message(
        Room(pk=room_id), sender=sender, text=text, client_mutation_id=client_mutation_id
    )


def _carry_out(
    ask: Callable[[], S], concerned: Callable[[S], tuple[str, ...]], make: Callable[[S], R]
) -> R:
    """
    Make a change of what a policy allows, as the policy decides under the lock.

    It is asked before as well: what it refuses then neither waits for a lock nor
    leaves a topic behind for a room that does not exist.
    """
    subject = ask()
    with transaction.atomic():
        log.lock(*concerned(subject))
        return make(ask())


def _of_person(person: User) -> tuple[str, ...]:
    return (topics.user(person.pk),)


def _of_membership(membership: Membership) -> tuple[str, ...]:
    return topics.of_membership(membership.room_id, membership.user_id)


def _of_request(join_request: JoinRequest) -> tuple[str, ...]:
    return topics.of_request(join_request.room_id, join_request.user_id)
