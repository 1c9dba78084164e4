"""A database that is taken back to an earlier state, under its readers."""

from __future__ import annotations

import asyncio

import pytest
from django.db import transaction

from realtime import epoch, log
from realtime.hub import Hub
from tests.realtime.conftest import (
    Door,
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
from tests.realtime.layers import Dropping

pytestmark = pytest.mark.django_db(transaction=True)


async def _epoch() -> str:
    return (await in_thread(log.marks, [])).epoch


def _restore_and_rotate() -> str:
    with transaction.atomic():
        restore("t", 1)
        return epoch.rotate()


async def test_after_a_restore_with_a_rotation_no_cursor_of_the_old_history_is_resumed(
    hub: Hub, door: Door
) -> None:
    """G8: not even where the new history has grown past it, with other events at its offsets."""
    await awrite("t", 1, 2, 3)
    live = await hub.follow(["t"], after=None, gate=door, claim="ann")
    old = [await cursor_at({"t": offset}) for offset in range(4)]

    new = await in_thread(_restore_and_rotate)
    ended = await rest(live)
    await in_thread(write, "t", 20, 30, 40)
    resumed = [await hub.follow(["t"], after=after, gate=door, claim="ann") for after in old]

    assert told(ended) == ["caught up", "EPOCH"]
    assert [told(await rest(each)) for each in resumed] == [["EPOCH"]] * 4
    fresh = await hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    assert told(await take(fresh, 5)) == [1, 20, 30, 40, "caught up"]
    assert await _epoch() == new


@pytest.mark.limits(heads_interval=60.0, join_settling=60.0)
async def test_a_cursor_beyond_the_end_says_so_and_begins_one_new_history(door: Door) -> None:
    """G8: a restore without a rotation; both cursors show it, to two processes at once."""
    async with Hub() as here, Hub() as there:
        await awrite("t", 1, 2, 3)
        before, after = await _epoch(), await cursor_at({"t": 3})
        bystander = await here.follow(["u"], after=None, gate=door, claim="bob")
        await take(bystander, 1)
        await in_thread(restore, "t", 1)

        streams = await asyncio.gather(
            *(hub.follow(["t"], after=after, gate=door, claim="ann") for hub in (here, there))
        )
        ends = [told(await rest(each)) for each in streams]
        seen = told(await rest(bystander))
        rotated = await _epoch()
        # A doubt of the old history that comes late rotates no second time.
        there.doubt(before)
        await eventually(lambda: there._doubted is None)
        again = await there.follow(["t"], after=after, gate=door, claim="ann")
        later = told(await rest(again))

    # Who reads after the other has rotated finds another history already.
    assert ["AHEAD"] in ends
    assert all(each in (["AHEAD"], ["EPOCH"]) for each in ends)
    assert seen == ["EPOCH"]
    assert later == ["EPOCH"]
    assert rotated != before
    assert await _epoch() == rotated


@pytest.mark.parametrize("layer", [Dropping], indirect=True)
async def test_processes_that_notice_a_restore_together_begin_one_new_history(
    layer: Dropping, door: Door
) -> None:
    """G8: by the heads alone, since nobody shows a cursor."""
    async with Hub() as here, Hub() as there:
        await awrite("t", 1, 2, 3)
        live = [
            await hub.follow(["t"], after=None, gate=door, claim="ann") for hub in (here, there)
        ]
        before = await _epoch()
        for each in live:
            await take(each, 1)

        await in_thread(restore, "t", 1)
        ends = [told(await rest(each)) for each in live]
        rotated = await _epoch()
        again = [
            await hub.follow(["t"], after=None, gate=door, claim="ann") for hub in (here, there)
        ]
        await awrite("t", 20)

        assert ends == [["EPOCH"]] * 2
        assert [told(await take(each, 2)) for each in again] == [["caught up", 20]] * 2
        assert before != rotated == await _epoch()
