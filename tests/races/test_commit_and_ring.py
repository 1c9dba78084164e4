"""What happens between a commit and its ring, and between a ring and its reader."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from django.db import connection, transaction

from realtime import log
from realtime.hub import Hub
from tests.races.turns import RolledBack
from tests.realtime.conftest import (
    Door,
    HeldDoor,
    awrite,
    cursor_at,
    eventually,
    in_thread,
    take,
    told,
)
from tests.realtime.layers import Counting
from tests.server import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

AT_THE_LATEST = 2.0
"""Seconds: what G6 promises."""

no_look_at_the_heads = pytest.mark.limits(heads_interval=60.0, join_settling=60.0)


def _publish_and_roll_back() -> None:
    with suppress(RolledBack), transaction.atomic():
        log.publish("t", "number", {"n": 1})
        raise RolledBack


def _publish_around_a_savepoint_that_is_rolled_back() -> None:
    with transaction.atomic():
        log.publish("t", "number", {"n": 2})
        _publish_and_roll_back()
        log.publish("t", "number", {"n": 3})


async def test_a_rollback_after_publish_leaves_no_event_no_ring_and_no_hole(
    hub: Hub, layer: Counting, door: Door
) -> None:
    """G4, G2."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    await in_thread(_publish_and_roll_back)
    await in_thread(_publish_around_a_savepoint_that_is_rolled_back)
    items = await take(follower, 3)

    assert told(items) == ["caught up", 2, 3]
    assert [event.offset for event in await in_thread(log.read, "t", 0, 9)] == [1, 2]
    rung = [event for group, ring in layer.sent if group == "t" for event in ring["events"]]
    assert [(offset, data) for offset, _, _, data, _ in rung] == [(1, '{"n": 2}'), (2, '{"n": 3}')]


_DIES_AFTER_THE_COMMIT = """
import os, sys, django
django.setup()
from django.db import connection, transaction
connection.settings_dict["NAME"] = sys.argv[1]
from realtime import log
with transaction.atomic():
    transaction.on_commit(lambda: os._exit(9))  # before the hook that rings
    log.publish("t", "number", {"n": 1})
"""


def _commit_and_die() -> int:
    command = [sys.executable, "-c", _DIES_AFTER_THE_COMMIT, str(connection.settings_dict["NAME"])]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings"}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, timeout=60).returncode


async def test_what_a_process_committed_before_it_died_reaches_all_within_two_seconds(
    door: Door,
) -> None:
    """G1, G6: a process that dies between COMMIT and the ring; two others, as two hubs."""
    async with Hub() as here, Hub() as there:
        followers = [
            await hub.follow(["t"], after=None, gate=door, claim="ann") for hub in (here, there)
        ]
        for follower in followers:
            await take(follower, 1)

        status = await in_thread(_commit_and_die)
        died = time.monotonic()
        items = await asyncio.gather(*(take(follower, 1) for follower in followers))
        late = time.monotonic() - died

    assert status == 9
    assert [told(each) for each in items] == [[1], [1]]
    assert late < AT_THE_LATEST


@no_look_at_the_heads
async def test_a_ring_before_anybody_listens_is_not_needed(
    hub: Hub, layer: Counting, door: Door
) -> None:
    """G1: the event is found by the read with which following begins."""
    after = await cursor_at({"t": 0})

    await awrite("t", 1)
    await eventually(lambda: any(group == "t" for group, _ in layer.sent))
    follower = await hub.follow(["t"], after=after, gate=door, claim="ann")

    assert told(await take(follower, 2)) == [1, "caught up"]


@no_look_at_the_heads
async def test_a_ring_before_the_follower_has_begun_is_remembered(hub: Hub) -> None:
    """
    G1: it speaks of what came after the snapshot in which the follower's beginning is read.

    Nobody will ring for it again, and nobody looks at the heads here.
    """
    await hub.follow(["u"], after=None, gate=Door(), claim="ann")  # the hub knows the epoch
    door = HeldDoor()
    opening = asyncio.create_task(
        hub.follow(["t"], after=await cursor_at({"t": 0}), gate=door, claim="ann")
    )
    await eventually(door.entered.is_set)

    await eventually(lambda: "t" in hub._fanout._memberships.joined)
    await awrite("t", 1)
    await eventually(lambda: hub._tails["t"]._heard == 1)
    door.may_go.set()

    assert told(await take(await opening, 2)) == ["caught up", 1]
