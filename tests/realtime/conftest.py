from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction

from realtime import log
from realtime.event import Event
from realtime.follower import CaughtUp, Delivery, Expired, Follower, Item, Revoked
from realtime.gate import End
from realtime.hub import Hub

DEADLINE = 10.0


@dataclass(eq=False)
class Door:
    """A gate for tests: ``banned`` claims are refused, ``farewell`` events end their claims."""

    banned: dict[str, str] = field(default_factory=dict)
    batches: list[Collection[str]] = field(default_factory=list)

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        self.batches.append(claims)
        return {claim: self.banned[claim] for claim in claims if claim in self.banned}

    def ends(self, event: Event, claim: str) -> End | None:
        if event.kind == "farewell" and event.data["to"] in (claim, "all"):
            return End("LEFT", delivered=event.data["to"] == "all")
        return None


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
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
    return await asyncio.to_thread(_write_and_disconnect, topic, *numbers, kind=kind, **data)


def _write_and_disconnect(topic: str, *numbers: int, **data: Any) -> list[Event]:
    from django.db import connections

    try:
        return write(topic, *numbers, **data)
    finally:
        connections.close_all()


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
