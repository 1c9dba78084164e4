"""Fifty people who write into one room at the same time."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chat import actions, changes, following
from chat.models import Message, Room
from realtime.threads import DatabaseThreads
from tests.chat.conftest import World
from tests.realtime.conftest import eventually, in_thread, take, told

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 50
AT_LEAST = 2
"""Messages that each of them sends."""
PATIENCE = 60.0
"""Seconds that a hundred messages may take: how quick the machine is shows nothing."""
ELSEWHERE = 3
"""Messages that somebody sends into another room meanwhile."""
OVERTAKEN = {"postgresql": 3 * WRITERS, "sqlite": 10 * WRITERS}
"""
Messages of the hot room that may be sent while one into another room waits.

Where waiting is queueing, it is about one for each writer. SQLite's writers do not
queue: they try again, ever less often, and one may be unlucky for a while.
"""


class Rush:
    """Everybody in the lobby writes on until it is over."""

    def __init__(self, threads: DatabaseThreads, room: Room, writers: list[User]) -> None:
        self.sent: dict[User, list[str]] = {writer: [] for writer in writers}
        self.is_over = False
        self._threads, self._room = threads, room
        self._tasks = [asyncio.create_task(self._write_on(writer)) for writer in writers]

    @property
    def count(self) -> int:
        return sum(map(len, self.sent.values()))

    @property
    def goes_on(self) -> bool:
        return not any(task.done() for task in self._tasks)

    async def until_everybody_has_sent(self, count: int) -> None:
        await eventually(lambda: min(map(len, self.sent.values())) >= count, within=PATIENCE)

    async def end(self) -> None:
        self.is_over = True
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._tasks)

    async def _write_on(self, writer: User) -> None:
        while not self.is_over:
            text = f"{writer.username}: {len(self.sent[writer])}"
            await self._threads.run(partial(_send, writer, self._room, text))
            self.sent[writer].append(text)


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(8, id="with the threads of one process"),
        pytest.param(WRITERS, marks=pytest.mark.only_on("postgresql"), id="with a thread for each"),
    ],
)
@pytest.mark.usefixtures("hub")
async def test_fifty_writers_leave_one_dense_order_and_starve_nobody(
    world: World, size: int
) -> None:
    """G2, G3: and sends into another room, through the same threads, are done meanwhile."""
    writers = await in_thread(_furnish, world)
    follower = await following.follow_room(world.alice.pk, world.lobby.pk, after=None)
    threads = DatabaseThreads("writers", size)
    rush = Rush(threads, world.lobby, writers)

    overtaken = []
    for _ in range(ELSEWHERE):
        before = rush.count
        await threads.run(partial(_send, world.alice, world.room, "Hello"))
        overtaken.append(rush.count - before)
    went_on = rush.goes_on
    await rush.until_everybody_has_sent(AT_LEAST)
    await rush.end()
    await threads.close()

    assert went_on
    assert max(overtaken) < OVERTAKEN[connection.vendor], overtaken
    total = rush.count
    rows = await in_thread(lambda: list(Message.objects.filter(room=world.lobby).in_order()))
    assert [row.offset for row in rows] == list(range(WRITERS + 1, WRITERS + total + 1))
    items = await take(follower, 1 + total)
    assert told(items) == ["caught up"] + ["message_sent"] * total
    for writer, texts in rush.sent.items():
        assert [row.text for row in rows if row.sender_id == writer.pk] == texts


def _furnish(world: World) -> list[User]:
    """Fifty members of the lobby beside Alice."""
    people = [User.objects.create(username=f"writer {number}") for number in range(WRITERS)]
    for person in people:
        changes.join_open_room(world.lobby, user=person)
    return people


def _send(person: User, room: Room, text: str) -> None:
    actions.send_message(actor=person, room_id=room.pk, text=text)
