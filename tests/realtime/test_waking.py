"""Those who follow a moved Tail are all woken, and hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from realtime.tail import Memory, Tail
from realtime.waking import _AT_ONCE, Waking
from tests.realtime.conftest import eventually

MANY = 2 * _AT_ONCE + 1


class Sleeper:
    """Says when it is woken."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake


def _tail(topic: str, sleepers: list[Sleeper]) -> Tail:
    tail = Tail(topic, Memory())
    for each in sleepers:
        tail.listeners.add(each)
    return tail


def _many(note: Callable[[int], None]) -> list[Sleeper]:
    return [Sleeper(lambda number=number: note(number)) for number in range(MANY)]


async def test_all_are_woken_and_once() -> None:
    woken: list[int] = []
    sleepers = _many(woken.append)
    waking, tail = Waking(), _tail("large", sleepers)

    waking.wake_soon(tail)
    waking.wake_soon(tail)
    await eventually(lambda: len(woken) >= MANY)
    await _a_few_turns()

    assert sorted(woken) == list(range(MANY))


async def test_those_of_a_small_topic_do_not_wait_for_all_of_a_large_one() -> None:
    woken: list[object] = []
    sleepers, one = _many(woken.append), [Sleeper(lambda: woken.append("small"))]
    waking = Waking()

    waking.wake_soon(_tail("large", sleepers))
    waking.wake_soon(_tail("small", one))
    await eventually(lambda: len(woken) == MANY + 1)

    assert woken.index("small") <= _AT_ONCE


async def test_the_event_loop_does_other_things_meanwhile() -> None:
    woken: list[object] = []
    sleepers, waking = _many(woken.append), Waking()

    waking.wake_soon(_tail("large", sleepers))
    asyncio.get_running_loop().call_soon(woken.append, "else")
    await eventually(lambda: len(woken) == MANY + 1)

    assert woken.index("else") == _AT_ONCE


async def test_who_was_woken_before_the_tail_moved_on_is_woken_again() -> None:
    """G1: nothing is left lying until somebody else says something."""
    woken: list[int] = []
    afterwards: set[int] = set()

    def note(number: int) -> None:
        woken.append(number)
        if len(woken) == MANY - 1:
            waking.wake_soon(large)
            waking.wake_soon(small)
        elif len(woken) >= MANY:
            afterwards.add(number)

    sleepers, one = _many(note), [Sleeper(lambda: afterwards.add(-1))]
    waking, large, small = Waking(), _tail("large", sleepers), _tail("small", one)
    waking.wake_soon(large)
    await eventually(lambda: afterwards == {-1, *range(MANY)})


async def test_a_topic_that_always_moves_leaves_nobody_asleep() -> None:
    woken: set[int] = set()

    def note(number: int) -> None:
        woken.add(number)
        if len(woken) < MANY:
            waking.wake_soon(tail)

    sleepers = _many(note)
    waking, tail = Waking(), _tail("large", sleepers)
    waking.wake_soon(tail)
    await eventually(lambda: len(woken) == MANY)


@pytest.mark.parametrize("last", [0, MANY - 1])
async def test_one_that_fails_keeps_nobody_from_being_woken(last: int) -> None:
    woken: set[int] = set()
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))

    def note(number: int) -> None:
        woken.add(number)
        if len(woken) == last + 1:
            raise RuntimeError("On purpose.")

    sleepers = _many(note)
    waking = Waking()
    waking.wake_soon(_tail("large", sleepers))
    await eventually(lambda: len(woken) == MANY)

    waking.wake_soon(_tail("small", [extra := Sleeper(lambda: woken.add(-1))]))
    await eventually(lambda: -1 in woken)

    assert [str(each["exception"]) for each in failures] == ["On purpose."]
    assert extra


async def _a_few_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
