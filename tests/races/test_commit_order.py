"""Offsets follow the commits, whichever transaction began first."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User

from realtime import log
from realtime.hub import Hub
from tests.races.turns import Act, Transaction
from tests.realtime.conftest import Door, in_thread, take, told, write
from tests.realtime.layers import Counting, Distorting, Dropping

pytestmark = pytest.mark.django_db(transaction=True)


def _read() -> list[tuple[int, int]]:
    """Offsets and numbers, as any reader sees them now."""
    return [(event.offset, event.data["n"]) for event in log.read("t", 0, 100)]


def _publish(number: int) -> None:
    log.publish("t", "number", {"n": number})


def _person(name: str) -> int:
    return User.objects.create(username=name).pk


def _commit_in_the_reverse_order_of_the_start() -> tuple[list[int], list[list[tuple[int, int]]]]:
    """Two people's ids, in the order of their making; and what was to be read meanwhile."""
    with Transaction() as first, Transaction() as second:
        ids = [first.do(partial(_person, "first")), second.do(partial(_person, "second"))]
        seen = [_read()]
        second.do(partial(_publish, ids[1]))
        seen.append(_read())
        second.commit()
        seen.append(_read())
        first.do(partial(_publish, ids[0]))
        first.commit()
        seen.append(_read())
    return ids, seen


@pytest.mark.only_on("postgresql")  # SQLite has one writer at a time
def test_offsets_follow_the_commits_where_an_identity_column_does_not() -> None:
    """G3: the transaction that began and wrote first commits last, and its event is the last."""
    ids, seen = _commit_in_the_reverse_order_of_the_start()

    one, two = ids
    assert one < two
    assert seen == [[], [], [(1, two)], [(1, two), (2, one)]]


@pytest.mark.only_on("postgresql")  # as above
@pytest.mark.parametrize("layer", [Counting, Dropping, Distorting], indirect=True)
async def test_a_follower_is_told_in_the_order_of_the_commits(hub: Hub, door: Door) -> None:
    """G3, G6: whatever becomes of the rings."""
    follower = await hub.follow(["t"], after=None, gate=door, claim="ann")

    (one, two), _ = await in_thread(_commit_in_the_reverse_order_of_the_start)

    assert told(await take(follower, 3)) == ["caught up", two, one]


@pytest.mark.parametrize("end", ["commit", "roll_back"])
def test_a_reader_never_sees_a_hole_where_one_append_overtakes_another(end: str) -> None:
    """G2, G3: the second append waits until it is known whether the first one counts."""
    write("t", 0)  # the topic is there: nobody waits only for its making

    with Transaction() as first:
        first.do(partial(_publish, 1))
        second = Act(partial(write, "t", 2))
        second.wait_until_it_waits()
        meanwhile = _read()
        getattr(first, end)()
        second.outcome()

    assert meanwhile == [(1, 0)]
    assert _read()[1:] == ([(2, 1), (3, 2)] if end == "commit" else [(2, 2)])
