"""The property of it all: whatever happens, a reader's stream is a slice of the log."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db import OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import background, log, reader
from realtime.delivery import CaughtUp, Delivery
from realtime.follower import Expired, Follower, Revoked
from realtime.hub import Hub
from realtime.models import EpochRow, EventRow, TopicRow
from tests.realtime.conftest import DEADLINE, Door, cursor_at, in_thread
from tests.realtime.layers import Counting, Distorting, Dropping, Failing, Hanging

pytestmark = pytest.mark.django_db(transaction=True)

TOPICS = ["a", "b", "c"]
LAYERS = [Counting, Dropping, Distorting, Failing, Hanging]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(TOPICS), st.integers(1, 5)),
        st.tuples(st.just("roll back"), st.sampled_from(TOPICS), st.integers(1, 2)),
        st.tuples(st.just("take"), st.integers(0, 3), st.integers(1, 6)),
        st.tuples(st.just("cancel"), st.integers(0, 3), st.integers(0, 6)),
        st.tuples(st.just("reconnect"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("restart"), st.none(), st.none()),
        st.tuples(st.just("ring falsely"), st.sampled_from(TOPICS), st.integers(1, 9)),
        st.tuples(st.just("prune"), st.sampled_from(TOPICS), st.integers(3, 9)),
        st.tuples(st.just("fail to read"), st.integers(1, 2), st.none()),
    ),
    min_size=5,
    max_size=30,
)


class RolledBack(Exception):
    pass


@dataclass
class Reader:
    """A client: it keeps the cursor of what it applied last, and comes back with it."""

    topics: list[str]
    cursor: str
    stream: Follower | None = None
    applied: dict[str, list[int]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)

    async def connect(self, hub: Hub) -> None:
        self.stream = await hub.follow(self.topics, after=self.cursor, gate=Door(), claim="ann")

    async def take(self, hub: Hub, count: int, patience: float) -> None:
        if self.stream is None:
            await self.connect(hub)
        assert self.stream is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                for _ in range(count):
                    self.apply(await anext(self.stream, None))

    def apply(self, item: object) -> None:
        match item:
            case Delivery(event, cursor):
                expected = self.starts[event.topic] + len(self.applied[event.topic]) + 1
                assert event.offset == expected
                self.applied[event.topic].append(event.data["n"])
                self.cursor = cursor
            case CaughtUp(cursor):
                self.cursor = cursor
            case Expired() | Revoked():
                raise AssertionError(item)


@dataclass
class World:
    """One database, one hub, some readers; and what the log should be."""

    hub: Hub
    readers: list[Reader]
    written: dict[str, list[int]] = field(default_factory=lambda: {topic: [] for topic in TOPICS})
    failures: int = 0
    number: int = 0

    async def do(self, step: str, what: Any, how: Any) -> None:
        match step:
            case "write" | "roll back":
                await in_thread(self.change, what, how, keep=step == "write")
            case "take":
                await self.readers[what].take(self.hub, how, patience=0.05)
            case "cancel":
                await self.cancel(self.readers[what], how)
            case "reconnect":
                await self.reconnect(self.readers[what], politely=how)
            case "restart":
                await self.restart()
            case "ring falsely":
                self.hub._fanout.ring_soon(what, {"epoch": "", "head": how, "events": []})
                ring = {"epoch": self.hub._epoch, "head": how, "events": [], "group": what}
                self.hub._on_ring(what, ring)
            case "prune":
                await in_thread(self.prune, what)
            case "fail to read":
                self.failures = what

    def change(self, topic: str, count: int, *, keep: bool) -> None:
        numbers = [self.number + each for each in range(count)]
        self.number += count
        with suppress(RolledBack), transaction.atomic():
            for number in numbers:
                log.publish(topic, "number", {"n": number})
            if not keep:
                raise RolledBack
            self.written[topic] += numbers

    def prune(self, topic: str) -> None:
        """Remove what every reader has applied, so that no cursor expires."""
        behind = [
            each.starts[topic] + len(each.applied[topic])
            for each in self.readers
            if topic in each.topics
        ]
        target = min(behind, default=0)
        with transaction.atomic():
            log.lock(topic)
            EventRow.objects.filter(topic=topic, offset__lte=target).delete()
            TopicRow.objects.filter(name=topic, floor__lt=target).update(floor=target)

    async def cancel(self, reader: Reader, after: int) -> None:
        if reader.stream is None:
            await reader.connect(self.hub)
        assert reader.stream is not None
        waiting = asyncio.ensure_future(anext(reader.stream, None))
        for _ in range(after):
            await asyncio.sleep(0)
        waiting.cancel()
        [item] = await asyncio.gather(waiting, return_exceptions=True)
        if not isinstance(item, BaseException):
            reader.apply(item)

    async def reconnect(self, reader: Reader, *, politely: bool) -> None:
        if reader.stream is not None and politely:
            reader.stream.close()
        reader.stream = None

    async def restart(self) -> None:
        """Another process takes over: all that this one knew is gone."""
        await self.hub.__aexit__(None, None, None)
        self.hub = Hub()
        await self.hub.__aenter__()
        for each in self.readers:
            each.stream = None

    async def read_all(self) -> None:
        """Let each reader read up to the end of the log."""
        for each in self.readers:
            while any(
                each.starts[topic] + len(each.applied[topic]) < len(self.written[topic])
                for topic in each.topics
            ):
                await each.take(self.hub, 1, patience=DEADLINE)


def forget_everything() -> None:
    EventRow.objects.all().delete()
    TopicRow.objects.all().delete()
    assert EpochRow.objects.exists()
    connection.close()


@pytest.mark.timeout(300)
@pytest.mark.limits(
    page_size=2,
    tail_size=3,
    tails_size=5,
    heads_interval=0.02,
    join_settling=0.005,
    ring_deadline=0.01,
    recheck_interval=0.03,
    ring_event_bytes=9,
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(layer=st.sampled_from(LAYERS), seed=st.integers(0, 99), steps=steps)
async def test_every_stream_is_a_slice_of_the_log(
    monkeypatch: pytest.MonkeyPatch,
    layer: type[Counting],
    seed: int,
    steps: list[tuple[str, Any, Any]],
) -> None:
    """G1, G2, G3, G4, G6, G7: under rollbacks, lost and false rings, failing reads, restarts."""
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.005)
    chance = random.Random(seed)
    channel_layers.set("default", layer())
    await in_thread(forget_everything)
    readers = []
    for topics in (["a"], ["a", "b"], ["c", "a"], ["b"]):
        after = await cursor_at(dict.fromkeys(topics, 0))
        starts = dict.fromkeys(topics, 0)
        readers.append(Reader(topics, after, None, {topic: [] for topic in topics}, starts))
    world = World(await Hub().__aenter__(), readers)
    answer_all = reader.answer_all

    def fail_sometimes(wants: Any) -> Any:
        if world.failures > 0:
            world.failures -= 1
            raise OperationalError("away")
        return answer_all(wants)

    with monkeypatch.context() as patch:
        patch.setattr(reader, "answer_all", fail_sometimes)
        try:
            async with asyncio.timeout(4 * DEADLINE):
                for step in steps:
                    await world.do(*step)
                    if chance.random() < 0.3:
                        await asyncio.sleep(0)
                await world.read_all()
        finally:
            await world.hub.__aexit__(None, None, None)

    for each in readers:
        assert each.applied == {topic: world.written[topic] for topic in each.topics}
