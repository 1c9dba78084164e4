"""Whatever happens at the same moment, changes take place one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from chat import actions, changes, topics
from chat.errors import AlreadyRequested, ChatError, Conflict, NotFound
from chat.models import JoinRequest, Membership, Message, Room
from realtime import log
from tests.chat.conftest import World


def _at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each act returned, or the ``ChatError`` that it raised; all begin together."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        start.wait(timeout=30)
        try:
            return act()
        except ChatError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_of_many_attempts_to_send_the_same_one_is_made(world: World) -> None:
    def send() -> Message:
        return actions.send_message(
            actor=world.alice, room_id=world.room.pk, text="Hello", client_mutation_id="one"
        )

    messages = _at_once(*[send] * 6)

    assert set(messages) == {Message.objects.get()}
    assert len(log.last(topics.room(world.room.pk), "message_sent", 9)) == 1


def test_messages_have_the_offsets_of_their_events_however_many_send(world: World) -> None:
    def send() -> Message:
        return actions.send_message(actor=world.alice, room_id=world.room.pk, text="Hello")

    messages = _at_once(*[send] * 6)

    told = log.read(topics.room(world.room.pk), 0, 100)
    assert sorted(each.offset for each in messages) == [event.offset for event in told]
    assert {each.pk: each.offset for each in messages} == {
        event.data["message"]["id"]: event.offset for event in told
    }


def test_of_many_requests_of_one_person_one_is_made(world: World) -> None:
    def ask() -> JoinRequest:
        return actions.request_to_join(actor=world.bob, join_code=world.room.join_code)

    outcomes = _at_once(*[ask] * 6)

    made = [each for each in outcomes if isinstance(each, JoinRequest)]
    assert made == list(JoinRequest.objects.all())
    assert sum(isinstance(each, AlreadyRequested) for each in outcomes) == 5


def test_of_many_decisions_one_stands(world: World) -> None:
    asked = world.asked_by(world.bob)

    outcomes = _at_once(
        lambda: actions.admit_join_request(actor=world.alice, join_request_id=asked.pk),
        lambda: actions.deny_join_request(actor=world.alice, join_request_id=asked.pk),
        lambda: actions.withdraw_join_request(actor=world.bob, join_request_id=asked.pk),
    )

    (stands,) = [each for each in outcomes if isinstance(each, JoinRequest)]
    assert sum(isinstance(each, Conflict) for each in outcomes) == 2
    assert JoinRequest.objects.get().status == stands.status
    assert Membership.objects.of(world.bob).exists() == (stands.status == "ADMITTED")


def test_a_room_is_deleted_while_people_send_join_and_leave(world: World) -> None:
    changes.join_open_room(world.lobby, user=world.carol)
    room_id = world.lobby.pk

    outcomes = _at_once(
        lambda: actions.send_message(actor=world.alice, room_id=room_id, text="Hello"),
        lambda: actions.send_message(actor=world.alice, room_id=room_id, text="Hello"),
        lambda: actions.join_room(actor=world.bob, room_id=room_id),
        lambda: actions.leave_room(actor=world.carol, room_id=room_id),
        lambda: actions.rotate_join_code(actor=world.alice, room_id=room_id),
        lambda: actions.delete_room(actor=world.alice, room_id=room_id),
    )

    refused = [each for each in outcomes if isinstance(each, ChatError)]
    assert all(isinstance(each, NotFound) for each in refused)
    assert not Room.objects.filter(pk=room_id).exists()
    assert [each.kind for each in log.read(topics.room(room_id), 0, 100)] == ["room_deleted"]
    for person in (world.bob, world.carol):
        _assert_told_of_leaving_as_often_as_of_joining(person.pk)


def _assert_told_of_leaving_as_often_as_of_joining(user_id: int) -> None:
    kinds = [event.kind for event in log.read(topics.user(user_id), 0, 100)]
    assert kinds.count("room_joined") == kinds.count("room_left")
