"""Tails: only the next event is taken, and memory is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.event import Event
from realtime.tail import Memory, Tail

LENGTH = 12


def event(offset: int, topic: str = "t") -> Event:
    return Event(topic, offset, "number", 1, {"n": offset}, datetime(2026, 1, 1, tzinfo=UTC))


LOG = [event(offset) for offset in range(1, LENGTH + 1)]


class Listener:
    woken = 0

    def wake(self) -> None:
        self.woken += 1


def tail_at(head: int, memory: Memory | None = None, topic: str = "t") -> Tail:
    tail = Tail(topic, memory or Memory())
    tail.begin(head)
    return tail


def held(tail: Tail) -> list[int]:
    return [offset for offset in range(2_000) if tail.at(offset)]


def test_the_next_event_is_taken() -> None:
    tail = tail_at(3)

    tail.take([event(4)])

    assert tail.position == 4
    assert tail.at(4) == event(4)


def test_a_known_event_is_dropped() -> None:
    """G2: nothing twice."""
    tail = tail_at(3)

    tail.take([event(3), event(2)])

    assert tail.position == 3
    assert held(tail) == []
    assert not tail.is_behind


def test_an_event_that_is_too_early_is_not_taken_but_noted() -> None:
    """G1, G2: nothing skipped, and what is missing is known to be missing."""
    tail = tail_at(3)

    tail.take([event(5)])

    assert tail.position == 3
    assert held(tail) == []
    assert tail.is_behind


def test_a_tail_takes_nothing_before_it_has_begun() -> None:
    tail = Tail("t", Memory())

    tail.take([event(1)])

    assert tail.position is None
    assert held(tail) == []


def test_what_was_heard_before_the_beginning_is_remembered() -> None:
    """G1: a ring between attaching and reading is not lost."""
    tail = Tail("t", Memory())

    tail.take([event(5)])
    tail.begin(4)

    assert tail.is_behind


def test_a_tail_begins_once() -> None:
    tail = tail_at(3)

    tail.begin(9)

    assert tail.position == 3


def test_a_tail_tells_whether_it_has_moved() -> None:
    tail = tail_at(3)

    assert not tail.take([event(3), event(5)])
    assert tail.take([event(4), event(5)])


def test_after_a_hole_that_cannot_be_read_nothing_before_it_is_held() -> None:
    tail = tail_at(0)
    tail.take(LOG[:3])
    listener = Listener()
    tail.listeners.add(listener)

    tail.skip_to(8)

    assert tail.position == 8
    assert held(tail) == []
    assert listener.woken == 1


def test_a_reset_tail_begins_anew() -> None:
    tail = tail_at(0)
    tail.take(LOG[:5])

    tail.reset()

    assert tail.position is None
    assert held(tail) == []
    tail.begin(1)
    assert not tail.is_behind


@pytest.mark.limits(tail_size=3)
def test_a_tail_keeps_the_newest_events_of_its_topic() -> None:
    """G7: bounded memory for each topic."""
    tail = tail_at(0)

    tail.take(LOG)

    assert held(tail) == [10, 11, 12]


@pytest.mark.limits(tails_size=5)
def test_all_tails_together_keep_no_more_than_their_bound() -> None:
    """G7: bounded memory for each process; the oldest goes first, whosever it is."""
    memory = Memory()
    one, two = tail_at(0, memory), tail_at(0, memory, "u")

    one.take(LOG[:4])
    two.take([event(offset, "u") for offset in range(1, 5)])

    assert held(one) == [4]
    assert held(two) == [1, 2, 3, 4]
    assert len(memory._kept) == 5


def test_a_page_that_one_has_read_is_kept_for_the_next() -> None:
    """G7: those who come back together cost one read."""
    tail = tail_at(8)
    listener = Listener()
    tail.listeners.add(listener)

    tail.fill(LOG[3:7])

    assert held(tail) == [4, 5, 6, 7]
    assert tail.at(4) is LOG[3]
    assert tail.position == 8
    assert listener.woken == 0


def test_a_page_does_not_replace_what_is_held_nor_run_ahead() -> None:
    """G2: what lies beyond the position is taken in its turn, and what is shared stays one."""
    tail = tail_at(4)
    tail.take([event(5), event(6)])
    known = tail.at(5)

    tail.fill([event(offset) for offset in range(3, 10)])

    assert held(tail) == [3, 4, 5, 6]
    assert tail.at(5) is known
    assert tail.position == 6


def test_a_tail_that_has_not_begun_keeps_no_page() -> None:
    """It may be of another history."""
    tail = Tail("t", Memory())

    tail.fill(LOG)

    assert held(tail) == []


@pytest.mark.limits(tail_size=3, tails_size=5)
def test_a_page_stays_within_the_bounds() -> None:
    """G7."""
    memory = Memory()
    tail, other = tail_at(10, memory), tail_at(10, memory, "u")

    tail.fill(LOG)
    tail.take([event(11)])
    other.fill([event(offset, "u") for offset in range(1, 11)])

    assert held(tail) == [10, 11]
    assert held(other) == [8, 9, 10]
    assert len(memory._kept) == 5


rings = st.lists(st.integers(1, LENGTH), max_size=4)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ring"), rings),
        st.tuples(st.just("heads"), st.integers(0, LENGTH)),
        st.tuples(st.just("read"), st.integers(1, 4)),
    ),
    max_size=30,
)


@pytest.mark.limits(tail_size=4, tails_size=6)
@given(st.integers(0, LENGTH), steps)
def test_no_loss_repetition_or_reordering_of_rings_makes_a_tail_deviate_from_the_log(
    begin: int, steps: Sequence[tuple[str, int | list[int]]]
) -> None:
    """G1, G2, G6: what can be seen of the topic is a slice of the log, never anything else."""
    tail = tail_at(begin)
    seen: list[Event] = []
    position = begin

    for kind, what in steps:
        if isinstance(what, list):
            tail.take(LOG[offset - 1] for offset in what)
        elif kind == "heads":
            tail.hear(what)
        else:
            tail.take(LOG[position : position + what])
        assert tail.position is not None
        assert tail.position >= position
        for offset in range(position + 1, tail.position + 1):
            found = tail.at(offset)
            seen.append(found if found is not None else LOG[offset - 1])  # else: from the log
        position = tail.position
        kept = held(tail)
        assert kept == list(range(position - len(kept) + 1, position + 1))
        assert len(kept) <= 4

    assert seen == LOG[begin:position]
    tail.hear(LENGTH)
    assert tail.is_behind == (position < LENGTH)


@pytest.mark.limits(tail_size=2, tails_size=10)
def test_a_busy_topic_does_not_push_out_the_events_of_others() -> None:
    memory = Memory()
    quiet, busy = Tail("quiet", memory), Tail("busy", memory)
    quiet.begin(0)
    busy.begin(0)
    quiet.take([event(1, topic="quiet")])

    busy.take(event(offset, topic="busy") for offset in range(1, 101))

    assert quiet.at(1) is not None
