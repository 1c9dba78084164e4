"""Flows: all that is to be delivered, in order, to whoever has room, and nothing after the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.conf import limits
from realtime.delivery import CaughtUp
from realtime.errors import UnknownEvent
from realtime.event import Event
from realtime.flow import Flow
from realtime.follower import Follower, Item
from realtime.gate import Ending
from realtime.log import Mark, Marks
from realtime.reader import Answer, Want
from realtime.tail import Memory, Tail
from tests.realtime.conftest import Door, eventually, told

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Topic:
    """A source of one topic, whose log answers when it may."""

    def __init__(self) -> None:
        self.tail = Tail("t", Memory())
        self.events: list[Event] = []
        self.reads = 0
        self.trouble: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def append(self, *numbers: int, kind: str = "number", **data: object) -> None:
        """Append events that nobody is told of yet."""
        for number in numbers:
            offset = len(self.events) + 1
            self.events.append(Event("t", offset, kind, 1, {"n": number, **data}, AT))
            self.tail.take(self.events[-1:])

    def publish(self, *numbers: int, **data: object) -> None:
        self.append(*numbers, **data)  # type: ignore[arg-type]  # mypy takes kind for one of data
        self.tail.wake()

    def attach(self, topic: str, follower: Follower) -> Tail:
        self.tail.listeners.add(follower)
        return self.tail

    def detach(self, follower: Follower) -> None:
        self.tail.listeners.discard(follower)

    def begin(self, tail: Tail, head: int) -> None:
        tail.begin(head)

    def caught_up(self, cursor: str) -> CaughtUp:
        return CaughtUp(cursor, AT)

    async def read(self, want: Want) -> Answer:
        self.reads += 1
        await self.may_answer.wait()
        if self.trouble is not None:
            raise self.trouble
        pages = {
            topic: self.events[after : after + limits().page_size]
            for topic, after in want.pages.items()
        }
        return Answer(None, Marks("epoch", {"t": Mark(len(self.events))}), pages)

    def doubt(self, epoch: str) -> None:
        raise AssertionError


class Basket:
    """A sink that takes what it is given, and says that it has room as long as it has."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.has_room = True
        self.waiting: list[Callable[[], None]] = []
        self.ends = 0
        self.failures: list[Exception] = []
        self.on_take: Callable[[], None] = lambda: None
        self.flow: Flow | None = None
        """Kept as a stream keeps it: a Tail keeps nobody alive."""

    def take(self, items: Sequence[Item]) -> bool:
        self.on_take()
        self.items += items
        return self.has_room

    def when_room(self, callback: Callable[[], None]) -> None:
        self.waiting.append(callback)

    def fill_with_the_next(self) -> None:
        """Have no room once something was taken."""
        self.on_take = lambda: setattr(self, "has_room", False)

    def make_room(self) -> None:
        self.has_room, self.on_take = True, lambda: None
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()

    def end(self) -> None:
        self.ends += 1

    def fail(self, error: Exception) -> None:
        self.failures.append(error)


async def begun(
    topic: Topic, basket: Basket, *, door: Door | None = None, claim: str = "ann"
) -> Flow:
    """A flow from the topic's present end, which is started."""
    follower = Follower(topic, ["t"], door or Door(), claim)
    await follower.open(None)
    flow = basket.flow = Flow(follower, basket, basket)
    flow.start()
    return flow


async def test_what_comes_is_delivered_at_once_without_a_task() -> None:
    topic, basket = Topic(), Basket()
    flow = await begun(topic, basket)

    topic.publish(*range(1, 50))

    assert told(basket.items) == ["caught up", *range(1, 50)]
    assert flow._reading is None


async def test_a_sink_without_room_is_given_nothing_and_goes_on_where_it_was() -> None:
    """G7, G2."""
    topic, basket = Topic(), Basket()
    await begun(topic, basket)
    basket.fill_with_the_next()
    topic.publish(1)

    topic.publish(2, 3)
    before = told(basket.items)
    basket.make_room()

    assert before == ["caught up", 1]
    assert told(basket.items) == ["caught up", 1, 2, 3]


async def test_a_flow_that_begins_while_there_is_no_room_waits_for_it() -> None:
    """G7: else each of many on one socket would add to what its peer does not read."""
    topic, basket = Topic(), Basket()
    basket.has_room = False
    await begun(topic, basket)
    topic.publish(1)

    before = told(basket.items)
    basket.make_room()

    assert before == []
    assert told(basket.items) == ["caught up", 1]


@pytest.mark.limits(tail_size=3, page_size=2)
async def test_a_sink_that_was_left_behind_is_served_from_the_log() -> None:
    """G1, G7: it costs a position and no memory."""
    topic, basket = Topic(), Basket()
    await begun(topic, basket)
    basket.has_room = False
    topic.publish(*range(1, 12))

    basket.make_room()
    await eventually(lambda: len(basket.items) == 12)

    assert told(basket.items) == ["caught up", *range(1, 12)]
    assert topic.reads > 1


async def test_the_end_is_told_once_and_after_everything() -> None:
    topic, basket = Topic(), Basket()
    await begun(topic, basket)
    basket.fill_with_the_next()

    topic.append(1)
    topic.publish(2, kind="farewell", to="all")
    topic.publish(3)
    told_before = basket.ends
    basket.make_room()

    assert told_before == 0
    assert basket.ends == 1
    assert told(basket.items) == ["caught up", 1, 2]


async def test_a_flow_that_was_closed_says_nothing_when_there_is_room_again() -> None:
    """What comes later under its name would be ended in its place."""
    topic, basket = Topic(), Basket()
    flow = await begun(topic, basket)
    basket.fill_with_the_next()
    topic.publish(1)

    flow.close()
    topic.publish(2)
    basket.make_room()

    assert told(basket.items) == ["caught up", 1]
    assert basket.ends == 0
    assert not topic.tail.listeners


@pytest.mark.limits(tail_size=1)
async def test_a_flow_that_is_closed_while_it_reads_delivers_nothing_of_that() -> None:
    topic, basket = Topic(), Basket()
    flow = await begun(topic, basket)
    topic.may_answer.clear()
    topic.publish(1, 2, 3)
    reading = flow._reading
    assert reading is not None

    flow.close()
    flow.close()
    topic.may_answer.set()
    await asyncio.wait([reading])

    assert told(basket.items) == ["caught up"]
    assert (basket.ends, basket.failures) == (0, [])


async def test_a_sink_may_close_its_flow_while_it_takes() -> None:
    topic, basket = Topic(), Basket()
    flow = await begun(topic, basket)
    basket.on_take = flow.close

    topic.publish(*range(1, 40))
    topic.publish(40)

    assert len(basket.items) == 1 + 16
    assert (basket.ends, basket.failures) == (0, [])


async def test_a_sink_that_fails_is_told_so_and_harms_none_of_its_neighbours() -> None:
    """G7."""
    topic, bad, good = Topic(), Basket(), [Basket() for _ in range(5)]
    for basket in (*good[:2], bad, *good[2:]):
        await begun(topic, basket)
    error = UnknownEvent("number", 9)

    def fail() -> None:
        raise error

    bad.on_take = fail
    topic.publish(1)
    topic.publish(2)

    assert bad.failures == [error]
    assert bad.ends == 0
    assert [told(basket.items) for basket in good] == [["caught up", 1, 2]] * 5


@pytest.mark.limits(tail_size=1)
async def test_a_log_that_cannot_be_read_fails_the_flow() -> None:
    topic, basket = Topic(), Basket()
    await begun(topic, basket)
    topic.trouble = RuntimeError("away")

    topic.publish(1, 2, 3)
    await eventually(lambda: bool(basket.failures))

    assert basket.failures == [topic.trouble]
    assert not topic.tail.listeners


class ShortSighted(Door):
    """A gate that cannot read what a newer process writes."""

    def ending(self, event: Event) -> Ending[str] | None:
        if event.kind == "new":
            raise UnknownEvent(event.kind, event.version)
        return super().ending(event)


@pytest.mark.parametrize("live", [True, False])
async def test_what_precedes_an_event_that_cannot_be_read_is_delivered(
    live: bool,
) -> None:  # a parameter of the test
    """G1: whoever resumes meets it first, and gets nothing again."""
    topic, basket = Topic(), Basket()
    flow = await begun(topic, basket, door=ShortSighted())
    if not live:
        topic.may_answer.clear()
        flow._follower._places[0].rights_read_at = 4

    topic.append(1, 2, 3)
    topic.append(4, kind="new")
    topic.publish(5)
    topic.may_answer.set()
    await eventually(lambda: bool(basket.failures))

    assert told(basket.items) == ["caught up", 1, 2, 3]
    assert isinstance(basket.failures[0], UnknownEvent)


steps = st.lists(
    st.sampled_from(["append", "tell", "room", "no room", "forget", "answer", "no answer", "turn"]),
    max_size=60,
)


@pytest.mark.limits(tail_size=4, page_size=3)
@settings(deadline=None)
@given(steps)
def test_whatever_happens_meanwhile_the_sink_gets_the_log(steps: Sequence[str]) -> None:
    """G1, G2, G3: once, in order and without a hole."""
    asyncio.run(_happen(steps))


async def _happen(steps: Sequence[str]) -> None:
    topic, basket = Topic(), Basket()
    await begun(topic, basket)

    for step in steps:
        _do(step, topic, basket)
        if step == "turn":
            await asyncio.sleep(0)
    topic.may_answer.set()
    topic.publish(len(topic.events))
    for _ in range(20 * len(topic.events)):
        basket.make_room()
        await asyncio.sleep(0)

    assert told(basket.items) == ["caught up", *range(len(topic.events))]


def _do(step: str, topic: Topic, basket: Basket) -> None:
    deeds: Mapping[str, Callable[[], object]] = {
        "append": lambda: topic.append(len(topic.events)),
        "tell": topic.tail.wake,
        "room": basket.make_room,
        "no room": lambda: setattr(basket, "has_room", False),
        "forget": lambda: topic.tail.forget(topic.tail.position or 0),
        "answer": topic.may_answer.set,
        "no answer": topic.may_answer.clear,
        "turn": lambda: None,
    }
    deeds[step]()
