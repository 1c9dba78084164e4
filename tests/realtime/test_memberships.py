"""Memberships: many at a time, none held up by another, the last wish of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from realtime import background, memberships
from realtime.background import forever
from realtime.memberships import Memberships
from tests.realtime.conftest import DEADLINE, eventually


class Layer:
    """Two hosts: ``away.…`` lies with one that raises or never answers while it ``is_away``."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.members: set[str] = set()
        self.at_once = self.most_at_once = 0
        self.is_away, self.hangs = True, False
        self.memberships = Memberships(join=self.join, leave=self.leave)

    async def join(self, group: str) -> None:
        await self._call(f"join {group}")
        self.members.add(group)

    async def leave(self, group: str) -> None:
        await self._call(f"leave {group}")
        self.members.discard(group)

    async def _call(self, call: str) -> None:
        self.calls.append(call)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._answer(call)
        finally:
            self.at_once -= 1

    async def _answer(self, call: str) -> None:
        if self.is_away and " away." in call:
            if self.hangs:
                await asyncio.Event().wait()
            raise ConnectionError(call)
        await asyncio.sleep(0)


@pytest.fixture
async def layer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Layer]:
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)
    layer = Layer()
    steps = {"begin": layer.memberships.begin, "retry": layer.memberships.retry}
    tasks = [asyncio.create_task(forever(step, name=name)) for name, step in steps.items()]
    yield layer
    for task in tasks:
        task.cancel()
    async with asyncio.timeout(DEADLINE):
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def names(host: str, count: int) -> set[str]:
    return {f"{host}.{number}" for number in range(count)}


@pytest.mark.parametrize("hangs", [False, True], ids=["refuses", "never answers"])
async def test_groups_of_a_host_that_is_away_hold_up_no_other(layer: Layer, hangs: bool) -> None:
    layer.hangs = hangs

    for group in [*sorted(names("away", 500)), *sorted(names("here", 500))]:
        layer.memberships.want(group)

    await eventually(lambda: layer.members == names("here", 500))


async def test_what_failed_holds_once_its_host_is_back(layer: Layer) -> None:
    wanted = names("away", 600) | names("here", 3)
    for group in wanted:
        layer.memberships.want(group)
    await eventually(lambda: layer.members == names("here", 3))

    layer.is_away = False

    await eventually(lambda: layer.members == layer.memberships.joined == wanted)


async def test_who_left_while_its_host_was_away_is_not_joined_when_it_is_back(
    layer: Layer,
) -> None:
    for group in names("away", 5):
        layer.memberships.want(group)
    await eventually(lambda: len(layer.memberships._failed) == 5)

    for group in names("away", 4):
        layer.memberships.forgo(group)
    layer.is_away = False

    await eventually(lambda: layer.members == layer.memberships.joined == {"away.4"})
    await eventually(lambda: not layer.memberships._failed)
    assert layer.members == {"away.4"}


async def test_a_group_that_could_not_be_left_is_joined_and_left(layer: Layer) -> None:
    """A layer may take a leave that failed for one that was done."""
    layer.is_away = False
    layer.memberships.want("away.0")
    await eventually(lambda: layer.members == {"away.0"})
    layer.is_away = True
    layer.memberships.forgo("away.0")
    await eventually(lambda: "away.0" in layer.memberships._failed)

    layer.is_away = False

    await eventually(lambda: not layer.members)
    assert layer.calls[-2:] == ["join away.0", "leave away.0"]


async def test_what_is_asked_of_a_layer_at_once_is_bounded(layer: Layer) -> None:
    """G7."""
    for group in names("here", 3 * memberships._AT_ONCE):
        layer.memberships.want(group)

    await eventually(lambda: len(layer.members) == 3 * memberships._AT_ONCE)
    assert 1 < layer.most_at_once <= memberships._AT_ONCE


async def test_a_group_has_one_call_at_a_time_and_its_last_wish_holds(layer: Layer) -> None:
    layer.is_away = False
    for steps in range(30):
        for wish in (layer.memberships.want, layer.memberships.forgo, layer.memberships.want):
            wish("here.0")
            for _ in range(steps % 5):
                await asyncio.sleep(0)
        if steps % 2:
            layer.memberships.forgo("here.0")

        await eventually(lambda: not layer.memberships._busy and not layer.memberships._new)
        assert layer.members == (set() if steps % 2 else {"here.0"})

    assert layer.most_at_once == 1
