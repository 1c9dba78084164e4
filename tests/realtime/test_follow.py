"""Following: nothing lost, nothing twice, in order, and only with the right to it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest
from django.db import OperationalError, transaction

from realtime import background, cursors, epoch, log, reader
from realtime.delivery import CaughtUp, Delivery
from realtime.errors import InvalidCursor, Refused, UnknownEvent
from realtime.event import Event
from realtime.follower import Follower, Item
from realtime.hub import Hub
from realtime.models import EventRow
from realtime.reader import Answer, Want, answer_all
from realtime.retention import prune
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
)
from tests.realtime.layers import FAULTY, Counting, Dropping
from tests.realtime.test_retention import NEVER

pytestmark = pytest.mark.django_db(transaction=True)


async def close_topic(topic: str, *, keep_last: bool) -> None:
    """Publish the last event, which ends everyone's stream, and close."""

    def work() -> None:
        with transaction.atomic():
            log.publish(topic, "farewell", {"to": "all"})
            log.close(topic, keep_last=keep_last)

    await in_thread(work)


def offsets(items: Sequence[Item], topic: str = "t") -> list[int]:
    events = [item.event for item in items if isinstance(item, Delivery)]
    return [event.offset for event in events if event.topic == topic]


# --- the way from the replay to live ---


async def test_a_stream_without_a_cursor_starts_now(hub: Hub, door: Door) -> None:
    await awrite("t", 1, 2)

    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 3)

    assert told(await take(follower, 2)) == ["caught up", 3]


async def test_a_stream_replays_what_follows_its_cursor_and_goes_on_live(
    hub: Hub, door: Door
) -> None:
    """G1, G2."""
    first = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 1, 2, 3)
    items = await take(first, 2)
    first.close()

    second = await hub.follow(["t"], after=items[-1].cursor, gate=door, claim="ann")  # type: ignore[union-attr]  # no end
    replayed = await take(second, 3)
    await awrite("t", 4)

    assert told(items) == ["caught up", 1]
    assert told(replayed) == [2, 3, "caught up"]
    assert told(await take(second, 1)) == [4]


async def test_a_follower_is_caught_up_once_even_where_there_is_always_more(
    hub: Hub, door: Door
) -> None:
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    items = []

    for number in range(10):
        await awrite("t", number)
        await eventually(lambda number=number: hub._tails["t"].position == number + 1)  # type: ignore[misc]  # a default binds
        items += await take(follower, 1)
    items += await take(follower, 1)

    assert told(items) == ["caught up", *range(10)]


@pytest.mark.limits(page_size=3, tail_size=5)
async def test_there_is_no_gap_between_replay_and_live_while_writers_write(
    hub: Hub, door: Door
) -> None:
    """G1, G2."""
    await awrite("t", *range(10))
    beginning = await cursor_at({"t": 0})
    writers = [asyncio.create_task(awrite("t", *range(20))) for _ in range(2)]

    followers = [await hub.follow(["t"], after=beginning, gate=door, claim="ann") for _ in range(5)]
    streams = await asyncio.gather(*(take(follower, 51) for follower in followers))
    await asyncio.gather(*writers)

    written = await in_thread(log.read, "t", 0, 100)
    for stream in streams:
        assert [item.event for item in stream if isinstance(item, Delivery)] == written
        assert len([item for item in stream if isinstance(item, CaughtUp)]) == 1


async def test_an_event_between_attaching_and_reading_comes_once(
    hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1, G2: found by the read, and rung for as well."""
    beginning = await cursor_at({"t": 0})
    before = HeldDoor()

    def hold(wants: Sequence[Want]) -> Sequence[Answer]:
        before.authorise([])
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", hold)
    opening = asyncio.create_task(hub.follow(["t"], after=beginning, gate=door, claim="ann"))
    await asyncio.to_thread(before.entered.wait, DEADLINE)
    await awrite("t", 1)
    before.may_go.set()
    follower = await opening
    await awrite("t", 2)

    assert told(await take(follower, 3)) == [1, "caught up", 2]


@pytest.mark.limits(heads_interval=30, join_settling=30)
async def test_an_event_between_reading_and_beginning_comes_once(
    hub: Hub, door: Door, layer: Counting
) -> None:
    """G1, G2: not found by the read, only rung for; the Tail was attached before."""
    another = await hub.follow(["u"], after=None, gate=door, claim="ann")
    beginning = await cursor_at({"t": 0})
    held = HeldDoor()
    opening = asyncio.create_task(hub.follow(["t"], after=beginning, gate=held, claim="ann"))
    await asyncio.to_thread(held.entered.wait, DEADLINE)
    await eventually(lambda: "t" in layer.groups)

    await awrite("t", 1)
    await eventually(lambda: hub._tails["t"]._heard == 1)
    held.may_go.set()
    follower = await opening

    assert told(await take(follower, 2)) == ["caught up", 1]
    assert another.is_live


async def test_every_cursor_is_the_position_just_after_its_item(hub: Hub, door: Door) -> None:
    """G2: whoever resumes anywhere gets the rest, no less and no more."""
    await awrite("t", 1, 2, 3)
    first = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    items = await take(first, 4)

    rests = []
    for item in items:
        assert isinstance(item, Delivery | CaughtUp)
        follower = await hub.follow(["t"], after=item.cursor, gate=door, claim="ann")
        resumed = []
        while "caught up" not in resumed:
            resumed += told(await take(follower, 1))
        rests.append(resumed)

    assert rests == [[2, 3, "caught up"], [3, "caught up"], ["caught up"], ["caught up"]]


@pytest.mark.limits(page_size=2)
async def test_a_follower_of_two_topics_has_both_in_its_cursor(hub: Hub, door: Door) -> None:
    """G2."""
    await awrite("a", 1, 2, 3)
    await awrite("b", 11, 12, 13)
    first = await hub.follow(
        ["a", "b"], after=await cursor_at({"a": 0, "b": 0}), gate=door, claim="ann"
    )
    items = await take(first, 7)

    for taken, item in enumerate(items, 1):
        assert isinstance(item, Delivery | CaughtUp)
        second = await hub.follow(["a", "b"], after=item.cursor, gate=door, claim="ann")
        resumed: list[Item] = []
        while not any(isinstance(each, CaughtUp) for each in resumed):
            resumed += await take(second, 1)
        second.close()
        for topic in ("a", "b"):
            assert offsets(items[:taken], topic) + offsets(resumed, topic) == [1, 2, 3]


async def test_an_event_that_is_shared_has_for_each_follower_its_own_cursor(
    hub: Hub, door: Door
) -> None:
    """G2, G5: an owner's position and a member's are not each other's."""
    await awrite("b", 1, 2)
    streams = [["a"], ["a", "b"], ["a", "c"]]
    followers = [await hub.follow(each, after=None, gate=door, claim="ann") for each in streams]
    await asyncio.gather(*(take(each, 1) for each in followers))

    await awrite("a", 1)
    items = [(await take(each, 1))[0] for each in followers]

    positions = [
        cursors.decode(item.cursor, topics).offsets
        for item, topics in zip(items, streams, strict=True)
        if isinstance(item, Delivery)
    ]
    assert positions == [(1,), (1, 2), (1, 0)]


async def test_what_happens_in_one_topic_does_not_move_the_other(hub: Hub, door: Door) -> None:
    follower = await hub.follow(["a", "b"], after=None, gate=door, claim="ann")

    await awrite("b", 1)
    await awrite("c", 9)
    items = await take(follower, 2)

    assert told(items) == ["caught up", 1]
    assert cursors.decode(follower.cursor, ["a", "b"]).offsets == (0, 1)


# --- the beginning is refused ---


async def test_whoever_has_no_right_is_refused_at_the_beginning(hub: Hub) -> None:
    """G5."""
    door = Door(banned={"ann": "banned"})
    await awrite("t", 1)

    with pytest.raises(Refused, match="banned"):
        await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")

    await eventually(lambda: not hub._tails)


async def test_a_cursor_of_another_stream_is_invalid(hub: Hub, door: Door) -> None:
    """G5."""
    after = await cursor_at({"a": 0, "b": 0})

    for topics in (["a"], ["b", "a"], ["a", "b", "c"]):
        with pytest.raises(InvalidCursor):
            await hub.follow(topics, after=after, gate=door, claim="ann")

    assert not hub._tails


async def test_an_opening_that_is_cancelled_leaves_nothing_behind(hub: Hub) -> None:
    held = HeldDoor()
    opening = asyncio.create_task(hub.follow(["t"], after=None, gate=held, claim="ann"))
    await asyncio.to_thread(held.entered.wait, DEADLINE)

    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    held.may_go.set()

    assert not hub._tails


# --- the right ends ---


async def test_the_event_that_ends_a_stream_is_replaced_by_its_reason(hub: Hub, door: Door) -> None:
    """G5: nothing after it, and not itself."""
    ann = await hub.follow(["t"], after=None, gate=door, claim="ann")
    bob = await hub.follow(["t"], after=None, gate=door, claim="bob")

    await awrite("t", 1)
    await awrite("t", 2, kind="farewell", to="ann")
    await awrite("t", 3)

    assert told(await rest(ann)) == ["caught up", 1, "LEFT"]
    assert told(await take(bob, 4)) == ["caught up", 1, 2, 3]


async def test_an_end_that_is_delivered_is_the_last_item(hub: Hub, door: Door) -> None:
    """G5."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await awrite("t", 1)
    await awrite("t", 2, kind="farewell", to="all")
    await awrite("t", 3)

    assert told(await rest(follower)) == ["caught up", 1, 2]


async def test_a_removal_between_attaching_and_reading_refuses(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G5."""
    beginning, door, before = await cursor_at({"t": 0}), Door(), HeldDoor()

    def hold(wants: Sequence[Want]) -> Sequence[Answer]:
        before.authorise([])
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", hold)
    opening = asyncio.create_task(hub.follow(["t"], after=beginning, gate=door, claim="ann"))
    await asyncio.to_thread(before.entered.wait, DEADLINE)
    door.banned["ann"] = "banned"
    await awrite("t", 1, kind="farewell", to="ann")
    before.may_go.set()

    with pytest.raises(Refused):
        await opening


async def test_a_removal_between_reading_the_rights_and_beginning_ends_the_stream(
    hub: Hub,
) -> None:
    """G5: the rights were those of before, so the event must do it."""
    await awrite("t", 1)
    beginning, held = await cursor_at({"t": 0}), HeldDoor()
    opening = asyncio.create_task(hub.follow(["t"], after=beginning, gate=held, claim="ann"))
    await asyncio.to_thread(held.entered.wait, DEADLINE)

    await awrite("t", 2, kind="farewell", to="ann")
    await awrite("t", 3)
    held.may_go.set()

    assert told(await rest(await opening)) == [1, "caught up", "LEFT"]


async def test_someone_readmitted_replays_past_the_own_removal(hub: Hub, door: Door) -> None:
    """G5: what stands below the offset at which the rights were read is history."""
    await awrite("t", 1)
    await awrite("t", 2, kind="farewell", to="ann")
    await awrite("t", 3)
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")

    replayed = await take(follower, 4)
    await awrite("t", 4, kind="farewell", to="ann")

    assert told(replayed) == [1, 2, 3, "caught up"]
    assert told(await rest(follower)) == ["LEFT"]


@pytest.mark.limits(page_size=2)
async def test_rights_lost_between_two_pages_end_the_replay(hub: Hub, door: Door) -> None:
    """G5: no page is read without the right to it."""
    await awrite("t", *range(1, 7))
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    first = await take(follower, 1)

    door.banned["ann"] = "banned"

    assert told(first + await rest(follower)) == [1, 2, "banned"]


@pytest.mark.limits(recheck_interval=0.05)
async def test_rights_lost_without_any_event_are_noticed(hub: Hub, door: Door) -> None:
    """G5: the backstop."""
    ann = await hub.follow(["t"], after=None, gate=door, claim="ann")
    bob = await hub.follow(["t"], after=None, gate=door, claim="bob")

    door.banned["ann"] = "banned"

    assert told(await rest(ann)) == ["caught up", "banned"]
    await awrite("t", 1)
    assert told(await take(bob, 2)) == ["caught up", 1]


class Puzzled(Door):
    """A gate that cannot tell of one claim, as where a newer process wrote why it was lost."""

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        if "puzzle" in claims:
            raise UnknownEvent("farewell", 9)
        return super().authorise(claims)


@pytest.mark.limits(recheck_interval=0.05)
async def test_a_claim_that_cannot_be_judged_keeps_no_other_from_being_judged(hub: Hub) -> None:
    """G5: else the backstop would be none for anybody."""
    puzzled = Puzzled()
    ann = await hub.follow(["t"], after=None, gate=puzzled, claim="ann")
    bob = await hub.follow(["t"], after=None, gate=puzzled, claim="bob")
    bob.claim = "puzzle"

    puzzled.banned["ann"] = "banned"

    assert told(await rest(ann)) == ["caught up", "banned"]
    await awrite("t", 1)
    assert told(await take(bob, 2)) == ["caught up", 1]


@pytest.mark.limits(recheck_interval=0.05)
async def test_what_was_told_before_the_rights_were_found_gone_is_still_delivered(
    hub: Hub, door: Door
) -> None:
    """G1, G5."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 1, 2)
    await eventually(lambda: hub._tails["t"].position == 2)

    door.banned["ann"] = "banned"
    await eventually(lambda: follower._losing_rights is not None)
    await awrite("t", 3)

    assert told(await rest(follower)) == ["caught up", 1, 2, "banned"]


@pytest.mark.limits(recheck_interval=0.05)
async def test_the_rights_of_all_followers_are_read_with_one_question(hub: Hub, door: Door) -> None:
    claims = {f"user {number}" for number in range(50)}
    followers = [await hub.follow(["t"], after=None, gate=door, claim=each) for each in claims]

    door.batches.clear()
    await eventually(lambda: len(door.batches) >= 2)

    assert all(set(batch) == claims for batch in door.batches)
    assert len(followers) == 50


@pytest.mark.limits(recheck_interval=0.05)
async def test_those_who_are_too_many_for_one_question_are_all_asked_about(
    hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.hub._CHECKED_AT_ONCE", 2)
    claims = [f"user {number}" for number in range(5)]
    followers = [await hub.follow(["t"], after=None, gate=door, claim=each) for each in claims]

    door.banned[claims[-1]] = "banned"

    assert told(await rest(followers[-1])) == ["caught up", "banned"]


async def test_an_event_that_cannot_be_read_is_never_skipped(hub: Hub) -> None:
    """G1: the stream ends there and is resumed by a process that can."""

    class Older(Door):
        def ending(self, event: Event) -> None:
            if event.version > 1:
                raise UnknownEvent(event.kind, event.version)

    follower = await hub.follow(["t"], after=None, gate=Older(), claim="ann")
    await awrite("t", 1)

    def publish_newer() -> None:
        with transaction.atomic():
            log.publish("t", "number", {"n": 2}, version=2)

    await in_thread(publish_newer)
    await awrite("t", 3)
    items = await take(follower, 2)

    assert told(items) == ["caught up", 1]
    for _ in range(3):
        with pytest.raises(UnknownEvent):
            await take(follower, 1)
    assert cursors.decode(follower.cursor, ["t"]).offsets == (1,)


# --- the position cannot be resumed from ---


async def test_a_cursor_older_than_the_floor_expires(hub: Hub, door: Door) -> None:
    """G8."""
    await awrite("t", 1, 2, 3)
    await in_thread(prune, before=NEVER, keep=1)

    older = await hub.follow(["t"], after=await cursor_at({"t": 1}), gate=door, claim="ann")
    at_floor = await hub.follow(["t"], after=await cursor_at({"t": 2}), gate=door, claim="ann")

    assert told(await rest(older)) == ["RETENTION"]
    assert told(await take(at_floor, 2)) == [3, "caught up"]


@pytest.mark.limits(page_size=2)
async def test_pruning_during_a_replay_ends_it_and_leaves_no_hole(hub: Hub, door: Door) -> None:
    """G8: never a partial replay."""
    await awrite("t", *range(1, 9))
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    first = await take(follower, 1)

    await in_thread(prune, before=NEVER, keep=3)

    assert told(first + await rest(follower)) == [1, 2, "RETENTION"]


@pytest.mark.limits(page_size=2)
async def test_rows_missing_above_the_floor_expire_and_are_not_skipped(
    hub: Hub, door: Door
) -> None:
    """G8: whoever deleted them; and the log is not asked for them again and again."""
    await awrite("t", *range(1, 9))
    await in_thread(EventRow.objects.filter(topic="t", offset__in=[4, 8]).delete)

    middle = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    end = await hub.follow(["t"], after=await cursor_at({"t": 7}), gate=door, claim="ann")

    assert told(await rest(middle)) == [1, 2, 3, "RETENTION"]
    assert told(await rest(end)) == ["RETENTION"]


async def test_a_cursor_of_another_history_expires(hub: Hub, door: Door) -> None:
    """G8."""
    after = await cursor_at({"t": 0})
    await awrite("t", 1)
    await in_thread(epoch.rotate)

    follower = await hub.follow(["t"], after=after, gate=door, claim="ann")

    assert told(await rest(follower)) == ["EPOCH"]


async def test_a_new_history_ends_live_streams(hub: Hub, door: Door) -> None:
    """G8."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await in_thread(epoch.rotate)

    assert told(await rest(follower)) == ["caught up", "EPOCH"]


async def test_a_position_beyond_the_head_expires_and_begins_a_new_history(
    hub: Hub, door: Door
) -> None:
    """G8: the database was restored, and nobody rotated the epoch."""
    await awrite("t", 1)
    bystander = await hub.follow(["u"], after=None, gate=door, claim="bob")

    follower = await hub.follow(["t"], after=await cursor_at({"t": 2}), gate=door, claim="ann")

    assert told(await rest(follower)) == ["AHEAD"]
    assert told(await rest(bystander)) == ["caught up", "EPOCH"]


async def test_a_restore_under_live_streams_begins_a_new_history(hub: Hub, door: Door) -> None:
    """G8, G1: one new history, not one after another."""
    await awrite("t", 1, 2, 3)
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    before = await take(follower, 1)

    await in_thread(restore, "t", 1)

    assert told(before + await rest(follower)) == ["caught up", "EPOCH"]
    again = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", 4)
    items = await take(again, 2)
    assert told(items) == ["caught up", 4]
    assert offsets(items) == [2]


@pytest.mark.limits(replay_limit=3)
async def test_a_cursor_further_back_than_a_stream_replays_expires(hub: Hub, door: Door) -> None:
    """G8."""
    await awrite("a", 1, 2, 3)
    await awrite("b", 1)

    far = await hub.follow(
        ["a", "b"], after=await cursor_at({"a": 0, "b": 0}), gate=door, claim="ann"
    )
    near = await hub.follow(
        ["a", "b"], after=await cursor_at({"a": 0, "b": 1}), gate=door, claim="ann"
    )

    assert told(await rest(far)) == ["TOO_FAR"]
    assert told(await take(near, 4)) == [1, 2, 3, "caught up"]


# --- the topic closes ---


@pytest.mark.parametrize("layer", [Counting, Dropping], indirect=True)
async def test_the_last_event_of_a_topic_reaches_those_who_are_live(hub: Hub, door: Door) -> None:
    """G1."""
    await awrite("t", 1)
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await close_topic("t", keep_last=True)

    assert told(await rest(follower)) == ["caught up", "farewell"]


@pytest.mark.limits(tail_size=2)
@pytest.mark.parametrize("banned", [True, False])
@pytest.mark.parametrize("keep_last", [True, False])
async def test_a_topic_that_closes_ends_those_who_lag(
    hub: Hub, door: Door, keep_last: bool, banned: bool
) -> None:
    """G8: whole, or with a reason."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await awrite("t", *range(5))
    await eventually(lambda: hub._tails["t"].position == 5)

    if banned:
        door.banned["ann"] = "deleted"
    await close_topic("t", keep_last=keep_last)

    assert told(await rest(follower)) == ["caught up", "deleted" if banned else "RETENTION"]


@pytest.mark.limits(page_size=2)
async def test_a_topic_that_closes_ends_those_who_replay(hub: Hub, door: Door) -> None:
    """G8."""
    await awrite("t", *range(1, 6))
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    first = await take(follower, 1)

    await close_topic("t", keep_last=True)

    assert told(first + await rest(follower)) == [1, 2, "RETENTION"]


# --- readers that stop, go or break ---


@pytest.mark.limits(tail_size=3, page_size=4)
async def test_a_reader_who_stops_costs_no_memory_and_loses_nothing(hub: Hub, door: Door) -> None:
    """G7."""
    slow = await hub.follow(["t"], after=None, gate=door, claim="ann")
    quick = await hub.follow(["t"], after=None, gate=door, claim="bob")

    await awrite("t", *range(30))
    seen = await take(quick, 31)
    held = [offset for offset in range(40) if hub._tails["t"].at(offset)]

    assert held == [28, 29, 30]
    assert slow._page is None
    assert told(await take(slow, 31)) == told(seen) == ["caught up", *range(30)]


async def test_waiting_can_be_cancelled_at_any_moment_and_loses_nothing(
    hub: Hub, door: Door
) -> None:
    """G1, G2."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    items: list[Item] = []

    for number in range(20):
        waiting = asyncio.ensure_future(anext(follower))
        writing = asyncio.create_task(awrite("t", number))
        for _ in range(number):
            await asyncio.sleep(0)
        waiting.cancel()
        await writing
        items += [
            item
            for item in await asyncio.gather(waiting, return_exceptions=True)
            if not isinstance(item, BaseException)
        ]
    items += await take(follower, 21 - len(items))

    assert told(items) == ["caught up", *range(20)]


@pytest.mark.limits(page_size=1)
async def test_a_read_that_is_cancelled_loses_nothing(hub: Hub, door: Door) -> None:
    """G1, G2."""
    await awrite("t", 1, 2, 3)
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    items = await take(follower, 1)

    for steps in range(6):
        waiting = asyncio.ensure_future(anext(follower))
        for _ in range(steps):
            await asyncio.sleep(0)
        if waiting.cancel():
            await asyncio.gather(waiting, return_exceptions=True)
        else:
            items.append(waiting.result())
    items += await take(follower, 4 - len(items))

    assert told(items) == [1, 2, 3, "caught up"]


async def test_closing_wakes_the_one_who_waits(hub: Hub, door: Door) -> None:
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    waiting = asyncio.create_task(rest(follower))
    await asyncio.sleep(0)

    follower.close()
    follower.close()

    assert told(await waiting) == ["caught up"]


async def test_a_closed_follower_delivers_nothing(hub: Hub, door: Door) -> None:
    async with await hub.follow(["t"], after=None, gate=door, claim="ann") as follower:
        await awrite("t", 1)

    assert await rest(follower) == []


@pytest.mark.limits(heads_interval=0.05)
@pytest.mark.parametrize("leave", [Follower.close, lambda follower: None], ids=["closed", "lost"])
async def test_a_follower_that_is_gone_keeps_nothing_joined(
    hub: Hub, door: Door, layer: Counting, leave: Callable[[Follower], None]
) -> None:
    """G7: also one that was dropped without being closed."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await take(follower, 1)
    await eventually(lambda: "t" in layer.groups)

    leave(follower)
    del follower
    gc.collect()

    await eventually(lambda: "t" not in layer.groups)
    assert not hub._tails
    assert not hub._followers


async def test_a_database_that_is_away_delays_a_stream_and_no_more(
    hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1."""
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)
    await awrite("t", 1, 2)
    failures = 3

    def fail(wants: Sequence[Want]) -> Sequence[Answer]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OperationalError("away")
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", fail)
    follower = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    items = await take(follower, 3)
    await awrite("t", 3)

    assert told(items + await take(follower, 1)) == [1, 2, "caught up", 3]
    assert failures < 0


# --- rings are hints ---


@pytest.mark.parametrize("layer", FAULTY, indirect=True)
async def test_without_rings_an_event_is_at_most_two_seconds_late(
    hub: Hub, door: Door, layer: Counting
) -> None:
    """G6."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    other = await hub.follow(["u"], after=None, gate=door, claim="ann")

    await awrite("t", *range(10))
    await awrite("u", 1)
    committed = asyncio.get_running_loop().time()
    items = await take(follower, 11)
    others = await take(other, 2)

    assert told(items) == ["caught up", *range(10)]
    assert told(others) == ["caught up", 1]
    assert asyncio.get_running_loop().time() - committed < 2


@pytest.mark.limits(ring_event_bytes=50, heads_interval=60)
async def test_a_ring_without_its_event_makes_the_log_be_read_at_once(
    hub: Hub, door: Door, layer: Counting
) -> None:
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await eventually(lambda: "t" in layer.groups)

    for number in range(5):
        await awrite("t", number, text="x" * 100)
        await eventually(lambda number=number: hub._tails["t"].position == number + 1)  # type: ignore[misc]  # a default binds

    assert told(await take(follower, 6)) == ["caught up", *range(5)]


async def test_a_ring_of_another_history_is_not_believed(
    hub: Hub, door: Door, layer: Counting
) -> None:
    """G2."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")
    await eventually(lambda: "t" in layer.groups)
    carried: list[Any] = [[1, "number", 1, '{"n": "false"}', "2026-01-01T00:00:00+00:00"]]
    ring = {"type": "ring", "group": "t", "epoch": "another", "head": 1, "events": carried}

    await layer.group_send("t", ring)
    await awrite("t", 1)

    assert told(await take(follower, 2)) == ["caught up", 1]
