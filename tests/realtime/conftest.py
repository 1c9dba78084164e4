from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import pytest
from channels.layers import channel_layers
from django.db import connection, connections, transaction

from realtime import cursors, log
from realtime.conf import limits
from realtime.cursors import Cursor
from realtime.delivery import CaughtUp, Delivery
from realtime.event import Event
from realtime.follower import Expired, Follower, Item, Revoked
from realtime.gate import End, Ending
from realtime.hub import Hub
from tests.realtime.layers import Counting

DEADLINE = 10.0

T = TypeVar("T")

on_sqlite = pytest.mark.only_on("sqlite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "limits(**limits): run the test under these limits")


@pytest.fixture(autouse=True)
def _chosen_limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Apply ``@pytest.mark.limits(page_size=2)`` before anything of the test starts."""
    mark = request.node.get_closest_marker("limits")
    if mark is None:
        yield
        return
    settings = request.getfixturevalue("settings")
    settings.REALTIME = {**getattr(settings, "REALTIME", {}), **mark.kwargs}
    limits.cache_clear()
    yield
    limits.cache_clear()


@pytest.fixture
def layer(request: pytest.FixtureRequest) -> Counting:
    """The channel layer of the test; parametrise it indirectly with another class."""
    made: Counting = getattr(request, "param", Counting)()
    channel_layers.set("default", made)
    return made


@dataclass(eq=False)
class Door:
    """A gate for tests: ``banned`` claims are refused, ``farewell`` events end their claims."""

    banned: dict[str, str] = field(default_factory=dict)
    batches: list[Collection[str]] = field(default_factory=list)

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        self.batches.append(claims)
        return {claim: self.banned[claim] for claim in claims if claim in self.banned}

    def ending(self, event: Event) -> Ending[str] | None:
        if event.kind != "farewell":
            return None
        to = event.data["to"]
        end = End("LEFT", delivered=to == "all")
        return lambda claim: end if to in (claim, "all") else None


@dataclass(eq=False)
class HeldDoor(Door):
    """A gate that has read the rights, and holds the snapshot open until it may go on."""

    entered: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        refusals = super().authorise(claims)
        self.entered.set()
        assert self.may_go.wait(DEADLINE)
        return refusals


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def hub(layer: Counting) -> AsyncIterator[Hub]:
    async with Hub() as hub:
        yield hub


def write(topic: str, *numbers: int, kind: str = "number", **data: Any) -> list[Event]:
    """Commit one event for each number, each in its own transaction."""
    events = []
    for number in numbers:
        with transaction.atomic():
            events.append(log.publish(topic, kind, {"n": number, **data}))
    return events


async def awrite(topic: str, *numbers: int, kind: str = "number", **data: Any) -> list[Event]:
    return await in_thread(write, topic, *numbers, kind=kind, **data)


async def in_thread(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run database work in a thread of its own, whose connection goes with it."""
    return await asyncio.to_thread(connected(partial(work, *args, **kwargs)))


def connected(work: Callable[[], T]) -> Callable[[], T]:
    """Let ``work`` run in another thread without leaving a connection behind."""

    def run() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return run


def restore(topic: str, head: int) -> None:
    """Take the database back to where ``topic`` ended at ``head``, as a restore does."""
    with connection.cursor() as cursor:
        cursor.execute(
            'DELETE FROM realtime_event WHERE topic_id = %s AND "offset" > %s', [topic, head]
        )
        cursor.execute("UPDATE realtime_topic SET head = %s WHERE name = %s", [head, topic])


async def cursor_at(topics: Mapping[str, int], epoch: str | None = None) -> str:
    """The cursor that stands at these offsets of the topics."""
    epoch = epoch or (await in_thread(log.marks, [])).epoch
    return cursors.encode(Cursor(epoch, tuple(topics.values())), list(topics))


async def eventually(holds: Callable[[], bool], within: float = DEADLINE) -> None:
    """Return when ``holds`` does, or fail at the deadline."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)


async def take(follower: Follower, count: int) -> list[Item]:
    """The next ``count`` items, within the deadline."""
    async with asyncio.timeout(DEADLINE):
        return [await anext(follower) for _ in range(count)]


async def rest(follower: Follower) -> list[Item]:
    """All items until the stream ends, within the deadline."""
    async with asyncio.timeout(DEADLINE):
        return [item async for item in follower]


def told(items: list[Item]) -> list[object]:
    """Items as short words: numbers, ``caught up``, reasons."""
    words: list[object] = []
    for item in items:
        match item:
            case Delivery(event):
                words.append(event.data.get("n", event.kind))
            case CaughtUp():
                words.append("caught up")
            case Revoked(reason) | Expired(reason):
                words.append(str(reason))
    return words
