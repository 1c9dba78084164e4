"""Sending against being removed and against the end of the room, in either order."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chat import actions, following, topics
from chat.errors import NotFound
from chat.models import Membership, Message, Room
from realtime import log
from realtime.follower import Follower
from tests.chat.conftest import World
from tests.races.turns import in_this_order
from tests.realtime.conftest import in_thread, rest, take, told

pytestmark = pytest.mark.django_db(transaction=True)


class Stage:
    """Bob is a member of Alice's room, follows it, and says one thing in it."""

    def __init__(self, world: World) -> None:
        self.bob, self.alice, self.room = world.bob, world.alice, world.room
        self.send = partial(
            actions.send_message, actor=world.bob, room_id=world.room.pk, text="Hello"
        )
        self.remove = partial(
            actions.remove_member,
            actor=world.alice,
            room_id=world.room.pk,
            user_id=world.bob.pk,
        )
        self.delete = partial(actions.delete_room, actor=world.alice, room_id=world.room.pk)

    async def follower(self) -> Follower:
        follower = await following.follow_room(self.bob.pk, self.room.pk, after=None)
        await take(follower, 1)
        return follower

    def kinds(self) -> list[str]:
        return [event.kind for event in log.read(topics.room(self.room.pk), 0, 100)]


@pytest.fixture
def stage(world: World) -> Stage:
    world.with_member(world.bob)
    return Stage(world)


async def _race(*turns: Any) -> Any:
    return await in_thread(in_this_order, *turns)


@pytest.mark.usefixtures("hub")
async def test_who_sends_while_being_removed_is_refused(stage: Stage) -> None:
    """G5, G3: the policy is asked again under the lock that the removal held."""
    follower = await stage.follower()
    held = topics.of_membership(stage.room.pk, stage.bob.pk)

    outcome = await _race(held, stage.remove, stage.send)

    assert isinstance(outcome, NotFound)
    assert told(await rest(follower)) == ["REMOVED"]
    assert await in_thread(stage.kinds) == ["member_joined", "member_left"]
    assert not await in_thread(Message.objects.exists)


@pytest.mark.usefixtures("hub")
async def test_who_is_removed_while_sending_has_sent(stage: Stage) -> None:
    """G3, G5: the message comes before the removal, for everybody."""
    follower = await stage.follower()

    outcome = await _race(topics.of_talk(stage.room.pk), stage.send, stage.remove)

    assert isinstance(outcome, Room)
    assert told(await rest(follower)) == ["message_sent", "REMOVED"]
    assert await in_thread(stage.kinds) == ["member_joined", "message_sent", "member_left"]
    message = await in_thread(Message.objects.get)
    assert message.offset == 2


@pytest.mark.usefixtures("hub")
async def test_who_sends_while_the_room_is_deleted_is_told_that_there_is_none(
    stage: Stage,
) -> None:
    """G4: neither a message nor an event outlives the room, and nothing deadlocks."""
    follower = await stage.follower()

    outcome = await _race(topics.of_end(stage.room.pk), stage.delete, stage.send)

    assert isinstance(outcome, NotFound)
    assert told(await rest(follower)) == ["room_deleted"]
    assert await in_thread(stage.kinds) == ["room_deleted"]
    assert not await in_thread(Message.objects.exists)
    assert not await in_thread(Membership.objects.filter(room=stage.room).exists)


@pytest.mark.usefixtures("hub")
async def test_a_room_that_is_deleted_while_somebody_sends_takes_the_message_with_it(
    stage: Stage,
) -> None:
    """G4, G1: who was live may still see it; then the stream ends with its reason."""
    follower = await stage.follower()

    outcome = await _race(topics.of_talk(stage.room.pk), stage.send, stage.delete)

    assert outcome is None
    # Whether the ring of the message came before that of the end is a matter of luck.
    assert told(await rest(follower)) in (
        ["message_sent", "room_deleted"],
        ["message_sent", "ROOM_DELETED"],
        ["ROOM_DELETED"],
    )
    assert await in_thread(stage.kinds) == ["room_deleted"]
    assert not await in_thread(Message.objects.exists)
