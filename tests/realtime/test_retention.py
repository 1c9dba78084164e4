"""Pruning: the floor and the removal are one, in small steps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.utils import timezone

from realtime import log, retention
from realtime.log import Mark
from realtime.models import EventRow, TopicRow
from realtime.retention import prune
from tests.realtime.conftest import write

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timezone.now() - timedelta(days=30)
NEVER = timezone.now() - timedelta(days=3_000)


def left(topic: str) -> list[int]:
    return [event.offset for event in log.read(topic, 0, 1_000)]


def age(topic: str, *offsets: int) -> None:
    EventRow.objects.filter(topic=topic, offset__in=offsets).update(occurred_at=LONG_AGO)


def test_all_but_the_newest_events_of_each_topic_go() -> None:
    write("a", *range(1, 8))
    write("b", 1, 2)

    removed = prune(before=NEVER, keep=3)

    assert removed == 4
    assert left("a") == [5, 6, 7]
    assert log.marks(["a", "b"]).by_topic == {"a": Mark(7, 4), "b": Mark(2, 0)}


def test_old_events_go_even_where_there_are_few() -> None:
    write("a", 1, 2, 3)
    age("a", 1, 2)

    removed = prune(before=timezone.now() - timedelta(days=1), keep=100)

    assert removed == 2
    assert log.marks(["a"])["a"] == Mark(3, 2)


def test_the_events_below_an_old_one_go_with_it() -> None:
    """Clocks differ: what stays is without a hole all the same (G2)."""
    write("a", 1, 2, 3, 4)
    age("a", 3)

    prune(before=timezone.now() - timedelta(days=1), keep=100)

    assert left("a") == [4]
    assert log.marks(["a"])["a"] == Mark(4, 3)


def test_pruning_everything_leaves_the_head() -> None:
    write("a", 1, 2)

    prune(before=NEVER, keep=0)

    assert log.marks(["a"])["a"] == Mark(2, 2)
    assert [event.offset for event in write("a", 3)] == [3]


def test_pruning_again_removes_nothing() -> None:
    write("a", 1, 2, 3)
    prune(before=NEVER, keep=1)

    assert prune(before=NEVER, keep=1) == 0


def test_a_closed_topic_can_be_pruned() -> None:
    write("a", 1, 2, 3)
    with transaction.atomic():
        log.close("a", keep_last=True)

    removed = prune(before=NEVER, keep=0)

    assert removed == 1
    assert log.marks(["a"])["a"] == Mark(3, 3)


@pytest.mark.limits(prune_batch=2)
def test_the_floor_rises_with_each_batch_and_never_apart_from_the_removal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G8: wherever it is looked at, what is above the floor is whole."""
    write("a", *range(1, 8))
    seen: list[tuple[int, Sequence[int]]] = []
    lock = log.lock

    def lock_and_look(*topics: str) -> None:
        lock(*topics)
        seen.append((TopicRow.objects.get(name="a").floor, left("a")))

    monkeypatch.setattr(log, "lock", lock_and_look)
    prune(before=NEVER, keep=2)

    assert seen == [(0, [1, 2, 3, 4, 5, 6, 7]), (2, [3, 4, 5, 6, 7]), (4, [5, 6, 7])]
    assert log.marks(["a"])["a"] == Mark(7, 5)


@pytest.mark.limits(prune_batch=2)
def test_an_interrupted_pruning_leaves_no_hole_and_can_be_resumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G8."""
    write("a", *range(1, 8))
    update = TopicRow.objects.none().__class__.update
    updates = 0

    def fail_at_the_second(self: Any, **values: Any) -> int:
        nonlocal updates
        updates += 1
        if updates == 2:
            raise OperationalError("interrupted")
        return update(self, **values)

    with monkeypatch.context() as patch:
        patch.setattr(type(TopicRow.objects.none()), "update", fail_at_the_second)
        with pytest.raises(OperationalError):
            prune(before=NEVER, keep=1)
    interrupted = left("a"), log.marks(["a"])["a"]
    prune(before=NEVER, keep=1)

    assert interrupted == ([3, 4, 5, 6, 7], Mark(7, 2))
    assert (left("a"), log.marks(["a"])["a"]) == ([7], Mark(7, 6))


def test_the_command_says_what_it_removed() -> None:
    write("a", 1, 2, 3)
    out = StringIO()

    call_command("prune_events", events=1, stdout=out)

    assert "Removed 2 events." in out.getvalue()


def test_the_command_keeps_what_the_limits_say(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a", 1, 2, 3)

    call_command("prune_events", stdout=StringIO())

    assert left("a") == [1, 2, 3]


@pytest.mark.parametrize("options", [{"days": -1.0}, {"events": -1}])
def test_the_command_refuses_what_makes_no_sense(options: dict[str, float]) -> None:
    with pytest.raises(CommandError, match="negative"):
        call_command("prune_events", **options)


def test_a_topic_is_pruned_no_further_than_its_target() -> None:
    write("a", *range(1, 6))

    removed = sum(retention._prune("a", 2))

    assert (removed, left("a")) == (2, [3, 4, 5])
