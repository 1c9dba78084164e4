"""The hub: what a process pays does not depend on how many follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from realtime import bell, log, reader
from realtime import epoch as epochs
from realtime.event import Event
from realtime.fanout import ring_of
from realtime.hub import Hub, NotServing, current
from realtime.log import Marks
from realtime.models import EventRow
from realtime.reader import Answer, Want, answer_all
from tests.realtime.conftest import (
    DEADLINE,
    Door,
    HeldDoor,
    awrite,
    cursor_at,
    eventually,
    in_thread,
    rest,
    restore,
    take,
    told,
    write,
)
from tests.realtime.layers import FAULTY, Counting, Dropping

pytestmark = pytest.mark.django_db(transaction=True)

nobody_looks = pytest.mark.limits(heads_interval=60, join_settling=60, recheck_interval=60)
"""However long the test takes, heads and rights are not read of the hub's own accord."""


@pytest.fixture
def snapshots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many wants each snapshot served."""
    served: list[int] = []

    def remember(wants: Sequence[Want]) -> Sequence[Answer]:
        served.append(len(wants))
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", remember)
    return served


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The topics that each check of the heads asked for."""
    asked: list[set[str]] = []

    def remember(topics: Collection[str]) -> Marks:
        if isinstance(topics, list):  # the Reader asks with a set, and is not meant
            asked.append(set(topics))
        return log_marks(topics)

    log_marks = log.marks
    monkeypatch.setattr(log, "marks", remember)
    return asked


def test_without_a_hub_there_is_none_to_follow_with() -> None:
    with pytest.raises(NotServing):
        current()


async def test_the_hub_of_the_process_is_found_while_it_serves(hub: Hub) -> None:
    assert current() is hub


async def test_one_channel_and_one_message_an_event_whatever_the_number_of_followers(
    hub: Hub, door: Door, layer: Counting
) -> None:
    followers = [await hub.follow(["t"], after=None, gate=door, claim=str(n)) for n in range(50)]
    await eventually(lambda: "t" in layer.groups)

    for number in range(3):
        await awrite("t", number)
        await asyncio.gather(*(take(each, 1) for each in followers))
    await asyncio.gather(*(take(each, 1) for each in followers))

    assert len(layer.channels_made) == 1
    assert len(layer.groups["t"]) == 1
    assert len(layer.sent) == 3


@pytest.mark.limits(heads_interval=0.05)
async def test_the_heads_of_all_topics_are_one_question(
    hub: Hub, door: Door, checks: list[set[str]]
) -> None:
    topics = {f"t.{number}" for number in range(30)}
    followers = [
        await hub.follow([topic], after=None, gate=door, claim=str(n))
        for topic in topics
        for n in range(3)
    ]

    checks.clear()
    await eventually(lambda: len(checks) >= 3)

    assert all(asked == topics for asked in checks)
    assert len(followers) == 90


@pytest.mark.limits(heads_interval=30)
async def test_the_heads_are_read_soon_after_joining(
    hub: Hub, door: Door, checks: list[set[str]]
) -> None:
    """G6: a group is joined before it holds."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await eventually(lambda: {"t"} in checks)

    assert follower.is_live


@pytest.mark.limits(heads_interval=30)
async def test_the_heads_are_read_at_once_after_trouble_with_the_layer(
    hub: Hub, door: Door, layer: Counting, checks: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await eventually(lambda: {"t"} in checks)

    async def fail(group: str, message: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(layer, "group_send", fail)
    await awrite("t", 1)

    assert told(await take(follower, 2)) == ["caught up", 1]


@nobody_looks
async def test_many_followers_that_open_at_once_cost_a_few_snapshots(
    hub: Hub, door: Door, snapshots: list[int]
) -> None:
    """G7."""
    await awrite("t", *range(20))
    after = [None, *[await cursor_at({"t": offset}) for offset in range(20)]]
    snapshots.clear()

    followers = await asyncio.gather(
        *(hub.follow(["t"], after=after[n % 21], gate=door, claim="ann") for n in range(210))
    )
    for number, follower in enumerate(followers):
        replayed = 0 if number % 21 == 0 else 21 - number % 21
        assert len(told(await take(follower, replayed + 1))) == replayed + 1

    assert len(snapshots) <= 4


async def test_followers_that_come_back_are_served_from_memory(
    hub: Hub, door: Door, snapshots: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """G7: ten thousand reconnecting clients cost a few reads, and none of events."""
    first = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", *range(20))
    await take(first, 21)
    after = await cursor_at({"t": 5})

    def fail(topic: str, after: int, limit: int) -> None:
        raise AssertionError("The log was read.")

    monkeypatch.setattr(log, "read", fail)
    again = await hub.follow(["t"], after=after, gate=door, claim="ann")

    assert told(await take(again, 16)) == [*range(5, 20), "caught up"]


@pytest.mark.parametrize("layer", [Dropping], indirect=True)
@pytest.mark.limits(heads_interval=0.05, page_size=2, recheck_interval=60)
async def test_all_followers_of_a_topic_share_one_catching_up(
    hub: Hub, door: Door, snapshots: list[int]
) -> None:
    """G7: what a lost ring costs does not depend on how many follow."""
    followers = [await hub.follow(["t"], after=None, gate=door, claim=str(n)) for n in range(30)]
    snapshots.clear()

    await awrite("t", 1, 2, 3, 4)
    for follower in followers:
        assert told(await take(follower, 5)) == ["caught up", 1, 2, 3, 4]

    assert len(snapshots) <= 5
    assert set(snapshots) == {1}


@nobody_looks
async def test_an_event_that_a_ring_carries_is_not_read_from_the_log(
    hub: Hub, door: Door, layer: Counting, snapshots: list[int]
) -> None:
    """G7: live, the database is asked for nothing."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await eventually(lambda: "t" in layer.groups)
    snapshots.clear()

    for number in range(5):
        await awrite("t", number)
        await take(follower, 1)

    assert snapshots == []


@pytest.mark.limits(heads_interval=30, page_size=2, ring_event_bytes=1)
async def test_catching_up_over_many_pages_waits_for_no_check(
    hub: Hub, door: Door, layer: Counting, checks: list[set[str]]
) -> None:
    """G6: one ring, or one check, is enough for all that was missed."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await eventually(lambda: {"t"} in checks)

    await in_thread(write_at_once, 9)

    assert told(await take(follower, 10)) == ["caught up", *range(1, 10)]


def write_at_once(count: int) -> None:
    with transaction.atomic():
        for number in range(1, count + 1):
            log.publish("t", "number", {"n": number})


@pytest.mark.parametrize("layer", [Dropping], indirect=True)
@pytest.mark.limits(heads_interval=0.05)
async def test_a_tail_goes_on_after_a_hole_and_those_before_it_end(hub: Hub, door: Door) -> None:
    """G8: rows that someone deleted are not skipped in silence, nor asked for without end."""
    before = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await in_thread(write_with_a_hole)
    items = await rest(before)
    after = await hub.follow(["t"], after=await cursor_at({"t": 1}), gate=door, claim="ann")

    assert told(items) == ["caught up", "RETENTION"]
    assert told(await take(after, 3)) == [2, 3, "caught up"]
    await awrite("t", 4)
    assert told(await take(after, 1)) == [4]


def write_with_a_hole() -> None:
    with transaction.atomic():
        write_at_once(3)
        EventRow.objects.filter(topic="t", offset=1).delete()


async def test_a_check_that_began_in_another_history_judges_no_position_of_this_one(
    hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G8: a restore that was followed by its rotation is not taken for a second restore."""
    await awrite("t", 1, 2, 3)
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    new = await in_thread(restore_and_rotate)

    real = hub._threads.run
    fresh: list[object] = []

    async def run(work: Callable[[], object]) -> object:
        answer = await real(work)
        if isinstance(answer, Marks) and not fresh:
            fresh.append(await hub.follow(["t"], after=None, gate=door, claim="bob"))
        return answer

    monkeypatch.setattr(hub._threads, "run", run)
    items = await rest(follower)
    await eventually(lambda: bool(fresh))
    hub._check_now()
    await asyncio.sleep(0)
    await eventually(lambda: not hub._check_wanted.is_set())

    assert told(items)[-1] == "EPOCH"
    assert (await in_thread(log.marks, [])).epoch == new


def restore_and_rotate() -> str:
    restore("t", 1)
    return epochs.rotate()


async def test_a_doubt_outlives_a_database_that_cannot_be_written_to(
    hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G8: else the log would grow past the position, and it would pass for a good one."""
    failures, rotate = [OperationalError("read-only")], epochs.rotate

    def fail_once(old: str | None = None) -> str:
        if failures:
            raise failures.pop()
        return rotate(old)

    monkeypatch.setattr(epochs, "rotate", fail_once)
    bystander = await hub.follow(["u"], after=None, gate=door, claim="bob")
    ahead = await hub.follow(["t"], after=await cursor_at({"t": 1}), gate=door, claim="ann")

    assert told(await rest(ahead)) == ["AHEAD"]
    assert told(await rest(bystander)) == ["caught up", "EPOCH"]
    assert not failures


class Alarm:
    """A listener that counts."""

    woken = 0

    def wake(self) -> None:
        self.woken += 1


@pytest.mark.limits(heads_interval=30, join_settling=30)
async def test_what_came_at_once_wakes_once(hub: Hub, door: Door, layer: Counting) -> None:
    """So that it is delivered in one write."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    alarm = Alarm()
    tail = hub._tails["t"]
    tail.listeners.add(alarm)
    events = await in_thread(write_unheard, 5)
    epoch = (await in_thread(log.marks, [])).epoch

    for event in events:
        hub._on_ring("t", ring_of(epoch, event))
    before = alarm.woken
    await eventually(lambda: alarm.woken > 0)
    items = await take(follower, 6)

    assert before == 0
    assert alarm.woken == 1
    assert told(items) == ["caught up", *range(5)]


def write_unheard(count: int) -> list[Event]:
    """Commit events whose rings are lost."""
    with patch.object(bell, "ring"):
        return [event for number in range(count) for event in write("t", number)]


async def test_those_who_have_caught_up_together_are_told_so_in_one_form(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    first = hub.caught_up("here")

    together, elsewhere = hub.caught_up("here"), hub.caught_up("there")
    now += timedelta(seconds=1)
    later = hub.caught_up("here")

    assert together is first
    assert (elsewhere.cursor, elsewhere is first) == ("there", False)
    assert (later.at, later is first) == (now, False)


async def test_the_marks_of_those_who_caught_up_are_bounded(hub: Hub) -> None:
    """G7."""
    for number in range(2_500):
        hub.caught_up(f"cursor {number}")

    assert len(hub._caught_up) <= 1_000


async def test_leaving_ends_all_streams(layer: Counting, door: Door) -> None:
    async with Hub() as hub:
        followers = [await hub.follow(["t"], after=None, gate=door, claim="ann") for _ in range(3)]
        waiting = [asyncio.create_task(rest(follower)) for follower in followers]
        await asyncio.sleep(0)

    assert [told(await each) for each in waiting] == [["caught up"]] * 3


async def test_leaving_lets_nobody_wait_for_an_answer_that_cannot_come(layer: Counting) -> None:
    held = HeldDoor()
    async with asyncio.timeout(DEADLINE):
        async with Hub() as hub:
            begun = asyncio.create_task(hub.follow(["t"], after=None, gate=held, claim="ann"))
            await asyncio.to_thread(held.entered.wait, DEADLINE)
            queued = asyncio.create_task(hub.follow(["t"], after=None, gate=held, claim="bob"))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.05, held.may_go.set)
        results = await asyncio.gather(begun, queued, return_exceptions=True)

    assert all(isinstance(result, asyncio.CancelledError) for result in results)


@pytest.mark.parametrize("layer", [Counting, *FAULTY], indirect=True)
async def test_leaving_waits_for_no_layer(layer: Counting, door: Door) -> None:
    for steps in range(8):
        async with Hub() as hub:
            await hub.follow(["t"], after=None, gate=door, claim="ann")
            await awrite("t", 1)
            for _ in range(steps):
                await asyncio.sleep(0)
            begun = time.monotonic()

        assert time.monotonic() - begun < 2
