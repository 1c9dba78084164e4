"""What a process pays for an event and for an arrival does not grow with its subscribers."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from channels.layers import channel_layers, get_channel_layer
from django.contrib.auth.models import User
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.actions import open_session
from accounts.authentication import identity_of_session
from accounts.models import Session
from chat import actions, changes, gates
from chat.models import Room
from realtime import log
from realtime.event import Event
from realtime.flow import Flow
from realtime.follower import Item
from realtime.hub import Hub
from realtime.log import Marks
from realtime.threads import DatabaseThreads
from schema import ids, subscribing
from schema.requests import Request, prepare
from schema.subscribing import Subscription
from schema.transports import StreamContext
from tests.clients import DEADLINE
from tests.end_to_end.replicas import identity_of

pytestmark = pytest.mark.django_db(transaction=True)

FEW, MANY = 1, 50
SENDS = 20
EVENTS = 5
ROOM_EVENTS = """
subscription ($room: ID!, $after: Cursor) { roomEvents(roomId: $room, after: $after) {
  __typename ... on Event { cursor } ... on MessageSent { message { text } } } }
"""


class Page:
    """A sink that keeps the responses it is given."""

    has_room = True

    def __init__(self, subscription: Subscription) -> None:
        self.told: list[bytes] = []
        self._subscription = subscription
        self._flow = Flow(subscription.follower, self, self)
        self._flow.start()

    def close(self) -> None:
        self._flow.close()

    def take(self, items: Sequence[Item]) -> bool:
        self.told += map(self._subscription.rendering.response, items)
        return True

    def when_room(self, callback: Callable[[], None]) -> None:
        raise AssertionError

    def end(self) -> None:
        """The hub has stopped."""

    def fail(self, error: Exception) -> None:
        raise error


class House:
    """A room with its owner and many members, whose pages are opened and closed at will."""

    def __init__(self, members: int) -> None:
        self.owner = User.objects.create(username="owner")
        self.room = changes.create_room(owner=self.owner, title="Hall", access=Room.Access.OPEN)
        self.members = [User.objects.create(username=f"member{n}") for n in range(members)]
        for each in self.members:
            changes.join_open_room(self.room, user=each)

    def say(self, count: int) -> None:
        for number in range(count):
            actions.send_message(actor=self.owner, room_id=self.room.pk, text=f"Message {number}")

    async def open(self, count: int, after: str | None = None) -> list[Page]:
        begun = await asyncio.gather(*(self._begin(each, after) for each in self.members[:count]))
        return [Page(subscription) for subscription in begun]

    async def _begin(self, member: User, after: str | None) -> Subscription:
        request = Request(ROOM_EVENTS, {"room": ids.encode("Room", self.room.pk), "after": after})
        context = StreamContext(identity_of(member))
        known = await subscribing.begin_again(request, context)
        return known or await subscribing.begin(prepare(request), context)


class Bill:
    """What the database and the channel layer were asked for."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.statements: list[str] = []
        self.reads: list[tuple[str, int]] = []
        self.rights: list[int] = []
        self._checks = asyncio.Semaphore(0)

    def clear(self) -> None:
        for each in (self.sent, self.statements, self.reads, self.rights):
            each.clear()

    def check_is_made(self) -> None:
        self._checks.release()

    async def checked(self) -> None:
        """Wait for the check of the heads that follows upon joining a group, which then holds."""
        async with asyncio.timeout(DEADLINE):
            await self._checks.acquire()


@pytest.fixture
def bill(monkeypatch: pytest.MonkeyPatch) -> Bill:
    """Everything passes through the places in which it is counted here."""
    made = Bill()
    layer = get_channel_layer()
    assert layer is not None
    channel_layers.set("default", layer)
    send, read, execute = layer.group_send, log.read, CursorWrapper.execute
    authorise = gates._RoomGate.authorise

    async def counted_send(group: str, message: Any) -> None:
        made.sent.append(group)
        await send(group, message)

    def counted_read(topic: str, after: int, limit: int) -> Sequence[Event]:
        made.reads.append((topic, after))
        return read(topic, after, limit)

    def counted_execute(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        made.statements.append(str(sql))
        return execute(self, sql, params)

    def counted_authorise(gate: Any, claims: Collection[Any]) -> Mapping[Any, Any]:
        made.rights.append(len(claims))
        return authorise(gate, claims)

    on_heads = Hub._compare

    def compare(hub: Hub, before: Mapping[str, int | None], marks: Marks) -> None:
        on_heads(hub, before, marks)
        made.check_is_made()

    monkeypatch.setattr(Hub, "_compare", compare)
    monkeypatch.setattr(layer, "group_send", counted_send)
    monkeypatch.setattr(log, "read", counted_read)
    monkeypatch.setattr(CursorWrapper, "execute", counted_execute)
    monkeypatch.setattr(gates._RoomGate, "authorise", counted_authorise)
    return made


@pytest.fixture
async def hub(bill: Bill) -> AsyncIterator[Hub]:
    async with Hub() as hub:
        yield hub


async def told(pages: Sequence[Page], count: int) -> None:
    """Return when each page was told so much."""
    async with asyncio.timeout(DEADLINE):
        while any(len(page.told) < count for page in pages):  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.005)


@pytest.mark.limits(heads_interval=60, recheck_interval=60)
async def test_an_event_costs_the_same_for_one_subscriber_and_for_many(
    hub: Hub, bill: Bill, threads: DatabaseThreads
) -> None:
    """One message in Redis, no read of the log, and not a statement more."""
    house = await threads.run(partial(House, MANY))
    costs = []

    for subscribers in (FEW, MANY):
        pages = await house.open(subscribers)
        await told(pages, 1)
        await bill.checked()
        bill.clear()
        for number in range(EVENTS):
            await threads.run(partial(house.say, 1))
            await told(pages, 2 + number)
        costs.append((Counter(bill.sent), len(bill.statements), bill.reads[:], bill.rights[:]))
        assert len({tuple(page.told[1:]) for page in pages}) == 1
        for page in pages:
            page.close()

    assert costs[0] == costs[1]
    assert costs[0][0] == {f"room.{house.room.pk}": EVENTS}
    assert costs[0][2:] == ([], [])


@pytest.mark.limits(heads_interval=60, recheck_interval=60)
async def test_many_who_come_back_at_once_cost_a_few_reads(
    hub: Hub, bill: Bill, threads: DatabaseThreads
) -> None:
    """All of them get all that they missed; rights are read together, and the log is once."""
    missed, clients = 100, 300
    house = await threads.run(partial(House, 30))
    first = (await house.open(1))[0]
    cursor = first._subscription.follower.cursor
    first.close()
    await threads.run(partial(house.say, missed))
    house.members = [random.Random(7).choice(house.members) for _ in range(clients)]
    bill.clear()

    pages = await house.open(clients, after=cursor)
    await told(pages, missed + 1)

    assert len({tuple(page.told) for page in pages}) == 1
    assert len(pages) == clients
    assert len(bill.reads) <= 5
    assert len(bill.rights) <= 5
    assert len(bill.statements) <= 40


@pytest.mark.only_on("postgresql")
def test_postgresql_plans_none_of_a_send_s_statements_anew() -> None:
    """It knows too little of an array to keep a plan, and planning takes longer than the rest."""
    room = House(members=1).room
    session_key = open_session(room.owner, "").session_key
    _sign_many_in(1_000)
    before = _custom_plans()

    for number in range(SENDS):
        identity = identity_of_session(session_key)
        assert identity is not None
        actions.send_message(actor=identity.user, room_id=room.pk, text=f"Message {number}")

    planned = {
        statement: count - before.get(statement, 0) for statement, count in _custom_plans().items()
    }
    assert any("accounts_session" in each for each in planned)
    assert [each for each, count in planned.items() if count > SENDS / 2] == []


def _sign_many_in(count: int) -> None:
    """What is planned for few is planned again for many."""
    users = User.objects.bulk_create(User(username=f"guest{n}") for n in range(count))
    sessions = [Session(session_key=each.username, user=each) for each in users]
    for each in sessions:
        each.expire_date = timezone.now() + timedelta(days=1)
    Session.objects.bulk_create(sessions)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _custom_plans() -> dict[str, int]:
    """How often each statement that this connection has prepared was planned for its values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, custom_plans FROM pg_prepared_statements")
        return dict(cursor.fetchall())
