"""Batches grow in a rush, and nobody waits otherwise."""

from __future__ import annotations

import asyncio

import pytest

from realtime.gathering import Gathering

pytestmark = pytest.mark.limits(gathering=0.001)


class Batch:
    """Grows each time somebody looks, ``upto`` a size."""

    def __init__(self, upto: int, size: int = 0) -> None:
        self.size = size
        self._upto = upto

    def __len__(self) -> int:
        self.size = min(self.size + 1, self._upto)
        return self.size


async def _size_after_waiting(gathering: Gathering, batch: Batch) -> int:
    await gathering.wait(batch)
    return batch.size


async def test_who_comes_alone_does_not_wait() -> None:
    batch = Batch(upto=5)

    await Gathering().wait(batch)

    assert batch.size == 0


async def test_after_a_batch_the_next_one_is_waited_for_while_it_grows() -> None:
    gathering = Gathering()
    gathering.note()

    assert await _size_after_waiting(gathering, Batch(upto=5)) == 5


async def test_a_batch_that_never_stops_growing_is_waited_for_only_so_long() -> None:
    gathering, batch = Gathering(), Batch(upto=1_000_000)
    gathering.note()

    await gathering.wait(batch)

    assert batch.size == 10


async def test_a_batch_that_is_large_enough_is_waited_for_no_longer() -> None:
    gathering, batch = Gathering(), Batch(upto=1_000_000, size=198)
    gathering.note()

    await gathering.wait(batch)

    assert batch.size == 200


async def test_what_is_urgent_does_not_wait_for_others() -> None:
    gathering, urgent = Gathering(), asyncio.Event()
    gathering.note()
    asyncio.get_running_loop().call_soon(urgent.set)
    batch = Batch(upto=1_000_000)

    await gathering.wait(batch, is_urgent=urgent.is_set)

    assert batch.size == 2
