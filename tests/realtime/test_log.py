"""The log: dense offsets in commit order, and nothing of what was rolled back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realtime import bell, log
from realtime.errors import LockOrder, TopicClosed, TransactionRequired
from realtime.event import Event
from realtime.log import Mark
from realtime.models import EpochRow, EventRow, TopicRow
from tests.realtime.conftest import DEADLINE, connected, write

pytestmark = pytest.mark.django_db(transaction=True)

in_examples = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Oops(Exception):
    pass


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The events that were rung for."""
    events: list[Event] = []
    monkeypatch.setattr(bell, "ring", lambda epoch, event: events.append(event))
    return events


def numbers(topic: str) -> list[int]:
    return [event.data["n"] for event in log.read(topic, 0, 1_000)]


def offsets(topic: str) -> list[int]:
    return [event.offset for event in log.read(topic, 0, 1_000)]


def in_another_thread(work: Callable[[], Any]) -> Future[Any]:
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(connected(work))
    finally:
        executor.shutdown(wait=False)


def test_each_topic_counts_from_one_without_holes() -> None:
    write("a", 1, 2)
    write("b", 1)
    write("a", 3)

    assert offsets("a") == [1, 2, 3]
    assert offsets("b") == [1]


def test_what_is_read_is_what_was_published() -> None:
    with transaction.atomic():
        published = log.publish("t", "kind", {"text": "Grüße ✓", "nested": [1, None]}, version=3)

    assert log.read("t", 0, 10) == [published]


@in_examples
@given(st.lists(st.sampled_from(["commit", "roll back", "savepoint"]), max_size=12))
def test_rollbacks_leave_no_event_and_no_hole(steps: list[str]) -> None:
    """G4, and the density that G2 rests on."""
    topic = f"t.{uuid4()}"
    kept = []

    for number, step in enumerate(steps):
        with suppress(Oops), transaction.atomic():
            if step == "savepoint":
                with suppress(Oops), transaction.atomic():
                    log.publish(topic, "number", {"n": -1})
                    raise Oops
            log.publish(topic, "number", {"n": number})
            if step == "roll back":
                raise Oops
            kept.append(number)

    assert numbers(topic) == kept
    assert offsets(topic) == list(range(1, len(kept) + 1))
    assert log.marks([topic])[topic].head == len(kept)


def test_a_second_transaction_waits_for_the_first_and_comes_after_it() -> None:
    """G3: who appends first commits first."""
    with transaction.atomic():
        log.publish("t", "number", {"n": 1})
        second = in_another_thread(lambda: write("t", 2))
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)

    second.result(timeout=DEADLINE)
    assert numbers("t") == [1, 2]


def test_many_writers_at_once_leave_one_dense_order() -> None:
    """G3: each writer's own order stands, and every offset is taken once."""
    start = threading.Barrier(4)

    def work(writer: int) -> None:
        start.wait()
        for number in range(8):
            with suppress(Oops), transaction.atomic():
                log.publish("t", "number", {"n": writer * 100 + number})
                if number % 3 == 2:
                    raise Oops

    writers = [in_another_thread(lambda writer=writer: work(writer)) for writer in range(4)]  # type: ignore[misc]  # a default binds
    for each in writers:
        each.result(timeout=DEADLINE)

    assert offsets("t") == list(range(1, 4 * 6 + 1))
    for writer in range(4):
        own = [number % 100 for number in numbers("t") if number // 100 == writer]
        assert own == [0, 1, 3, 4, 6, 7]


def test_a_ring_comes_after_the_commit_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """G4: what is rung for can be read by everybody."""
    visible: list[list[int]] = []
    rung: list[int] = []

    def ring(epoch: str, event: Event) -> None:
        rung.append(event.offset)
        visible.append(in_another_thread(lambda: offsets("t")).result(DEADLINE))

    monkeypatch.setattr(bell, "ring", ring)
    with transaction.atomic():
        log.publish("t", "number", {"n": 1})
        log.publish("t", "number", {"n": 2})
        rung_inside = list(rung)

    assert rung_inside == []
    assert rung == [1, 2]
    assert visible == [[1, 2], [1, 2]]


def test_a_ring_names_the_epoch_of_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    epochs: list[str] = []
    monkeypatch.setattr(bell, "ring", lambda epoch, event: epochs.append(epoch))

    write("t", 1)

    assert epochs == [EpochRow.objects.get().value]


def test_a_rollback_rings_for_nothing(rung: list[Event]) -> None:
    """G4: no phantom."""
    with transaction.atomic():
        with suppress(Oops), transaction.atomic():
            log.publish("t", "number", {"n": 1})
            raise Oops
        log.publish("t", "number", {"n": 2})
    with suppress(Oops), transaction.atomic():
        log.publish("t", "number", {"n": 3})
        raise Oops

    assert [(event.offset, event.data["n"]) for event in rung] == [(1, 2)]


def test_a_bell_that_breaks_does_not_fail_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """G6."""

    def ring(epoch: str, event: Event) -> None:
        raise Oops

    monkeypatch.setattr(bell, "ring", ring)

    write("t", 1, 2)

    assert offsets("t") == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda: log.lock("t"),
        lambda: log.next_offset("t"),
        lambda: log.publish("t", "number", {}),
        lambda: log.close("t", keep_last=False),
    ],
    ids=["lock", "next_offset", "publish", "close"],
)
def test_the_log_changes_only_inside_a_transaction(change: Callable[[], object]) -> None:
    """G4: an event without its change, or the other way round, cannot be written."""
    with pytest.raises(TransactionRequired):
        change()

    assert not TopicRow.objects.exists()


@transaction.atomic
def test_topics_of_one_call_are_locked_in_whatever_order_they_are_named() -> None:
    log.lock("b", "a", "c", "a")

    log.lock("a", "b", "c")
    log.lock("d")


@transaction.atomic
def test_a_topic_that_sorts_before_a_held_one_cannot_be_added() -> None:
    log.lock("b")

    with pytest.raises(LockOrder, match="'a' must be locked before 'b'"):
        log.lock("a")
    with pytest.raises(LockOrder):
        log.publish("a", "number", {})


@transaction.atomic
def test_a_savepoint_that_is_rolled_back_gives_its_locks_back_and_no_others() -> None:
    log.lock("b")
    with suppress(Oops), transaction.atomic():
        log.lock("z")
        raise Oops

    log.lock("m")

    with pytest.raises(LockOrder, match="before 'm'"):
        log.lock("a")


@transaction.atomic
def test_a_savepoint_that_is_kept_keeps_its_locks() -> None:
    with transaction.atomic():
        log.lock("z")

    with pytest.raises(LockOrder):
        log.lock("m")


def test_the_next_transaction_holds_nothing() -> None:
    with transaction.atomic():
        log.lock("b")

    with transaction.atomic():
        log.lock("a")


@transaction.atomic
def test_the_next_offset_is_the_one_that_the_next_event_gets() -> None:
    announced = log.next_offset("t")

    event = log.publish("t", "number", {})

    assert announced == event.offset == 1
    assert log.next_offset("t") == 2


@pytest.mark.parametrize("keep_last", [True, False])
def test_a_closed_topic_takes_no_event(keep_last: bool) -> None:
    write("t", 1)

    with transaction.atomic():
        log.close("t", keep_last=keep_last)

    with pytest.raises(TopicClosed), transaction.atomic():
        log.publish("t", "number", {"n": 2})


@pytest.mark.parametrize(("keep_last", "left"), [(True, [3]), (False, [])])
def test_closing_removes_what_was_told_and_raises_the_floor(
    keep_last: bool, left: list[int]
) -> None:
    write("t", 1, 2)
    write("other", 1)

    with transaction.atomic():
        log.publish("t", "number", {"n": 3})
        log.close("t", keep_last=keep_last)

    assert numbers("t") == left
    assert log.marks(["t"])["t"] == Mark(head=3, floor=3 - len(left))
    assert numbers("other") == [1]


@pytest.mark.parametrize("keep_last", [True, False])
def test_a_topic_without_events_can_be_closed(keep_last: bool) -> None:
    with transaction.atomic():
        log.close("t", keep_last=keep_last)

    assert log.marks(["t"])["t"] == Mark(0, 0)
    with pytest.raises(TopicClosed), transaction.atomic():
        log.publish("t", "number", {})


def test_a_closing_that_is_rolled_back_removes_nothing() -> None:
    write("t", 1, 2)

    with suppress(Oops), transaction.atomic():
        log.close("t", keep_last=False)
        raise Oops

    assert [each.offset for each in write("t", 3)] == [3]
    assert numbers("t") == [1, 2, 3]


def test_marks_of_any_number_of_topics_are_one_statement() -> None:
    write("a", 1, 2)

    with CaptureQueriesContext(connection) as queries:
        marks = log.marks(["a", *(f"unknown.{number}" for number in range(2_000))])

    assert len(queries) == 1
    assert marks["a"] == Mark(2, 0)
    assert marks["unknown.7"] == Mark(0, 0)


def test_marks_of_no_topic_still_tell_the_epoch() -> None:
    assert log.marks([]).epoch == EpochRow.objects.get().value


def test_a_database_without_an_epoch_says_what_to_do() -> None:
    EpochRow.objects.all().delete()

    with pytest.raises(RuntimeError, match=r"manage\.py migrate"):
        log.marks([])


def test_a_page_begins_after_its_offset_and_holds_no_more_than_its_limit() -> None:
    write("t", *range(1, 8))

    assert [event.offset for event in log.read("t", 2, 3)] == [3, 4, 5]
    assert log.read("t", 7, 3) == []


def test_the_newest_of_one_kind_come_newest_first() -> None:
    write("t", 1, 2, 3)
    write("t", 9, kind="other")

    assert [event.data["n"] for event in log.last("t", "number", 2)] == [3, 2]


def test_an_event_has_its_place_once() -> None:
    write("t", 1)

    with pytest.raises(Exception, match=r"UNIQUE|duplicate"), transaction.atomic():
        EventRow.objects.bulk_create(list(EventRow.objects.filter(topic="t")))
