"""Lookups: in batches, each for all who asked, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest

from realtime.lookups import Lookups
from tests.realtime.conftest import DEADLINE


class Register:
    """Finds numbers under their names, when it may, and remembers what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.trouble: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.lookups: Lookups[str, int] = Lookups(self.run, self.find)

    async def run(self, work: Callable[[], Any]) -> Any:
        found = work()
        await self.may_answer.wait()
        return found

    def find(self, names: Collection[str]) -> Mapping[str, int]:
        self.batches.append(list(names))
        if self.trouble is not None:
            raise self.trouble
        return {name: int(name) for name in names if name.isdigit()}

    def ask(self, *names: str) -> list[asyncio.Task[int | None]]:
        return [asyncio.create_task(self.lookups.get(name)) for name in names]


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_those_who_ask_at_once_are_looked_up_together() -> None:
    register = Register()

    found = await asyncio.gather(*register.ask("1", "2", "nobody", "1"))

    assert found == [1, 2, None, 1]
    assert register.batches == [["1", "2", "nobody"]]


async def test_those_who_ask_meanwhile_are_the_next_batch() -> None:
    """What is found is not older than the question: it may have come true in between."""
    register = Register()
    register.may_answer.clear()
    first = register.ask("1")
    await turns()
    later = register.ask("1", "2", "3")
    await turns()

    register.may_answer.set()
    found = await asyncio.gather(*first, *later)

    assert found == [1, 1, 2, 3]
    assert register.batches == [["1"], ["1", "2", "3"]]


@pytest.mark.limits(batch_size=2)
async def test_a_batch_is_bounded() -> None:
    register = Register()

    await asyncio.gather(*register.ask("1", "2", "3", "4", "5"))

    assert register.batches == [["1", "2"], ["3", "4"], ["5"]]


async def test_a_lookup_that_fails_fails_for_those_who_were_in_it_alone() -> None:
    register = Register()
    register.trouble = RuntimeError("away")
    failed = await asyncio.gather(*register.ask("1", "2"), return_exceptions=True)
    register.trouble = None

    found = await asyncio.gather(*register.ask("1", "2"))

    assert [str(each) for each in failed] == ["away", "away"]
    assert found == [1, 2]


async def test_one_who_does_not_wait_any_more_keeps_nobody_else_waiting() -> None:
    register = Register()
    register.may_answer.clear()
    impatient, patient = register.ask("1", "1")
    await turns()

    impatient.cancel()
    await turns()
    register.may_answer.set()

    assert await patient == 1
    assert impatient.cancelled()


@pytest.mark.parametrize("begun", [True, False])
async def test_closing_lets_nobody_wait(begun: bool) -> None:  # a parameter of the test
    register = Register()
    register.may_answer.clear()
    waiting = register.ask("1", "2")
    if begun:
        await turns()
        waiting += register.ask("1", "3")
    await asyncio.sleep(0)

    register.lookups.close()

    async with asyncio.timeout(DEADLINE):
        await asyncio.wait(waiting)
    assert all(each.cancelled() for each in waiting)
