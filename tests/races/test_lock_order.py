"""Changes of several topics never wait for each other in a circle."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from chat import actions, topics
from chat.errors import Conflict
from chat.models import JoinRequest, Room
from realtime import log
from realtime.errors import LockOrder
from tests.chat.conftest import World
from tests.races.turns import Act, Transaction, in_this_order

pytestmark = pytest.mark.django_db(transaction=True)


def _write_both(*names: str) -> None:
    with transaction.atomic():
        log.lock(*names)
        for name in names:
            log.publish(name, "number", {"n": 1})


def test_two_topics_locked_in_opposite_orders_do_not_deadlock() -> None:
    """
    G3: both wait for ``a`` first, whichever way they name the two.

    Whoever took ``b`` first would hold it while queueing behind the other, who
    wants it next.
    """
    _write_both("a", "b")

    with Transaction() as holder:
        holder.do(partial(log.lock, "a"))
        forwards = Act(partial(_write_both, "a", "b"))
        forwards.wait_until_it_waits()
        backwards = Act(partial(_write_both, "b", "a"))
        backwards.wait_until_it_waits()
        holder.commit()
        forwards.outcome()
        backwards.outcome()

    for name in ("a", "b"):
        assert [event.offset for event in log.read(name, 0, 9)] == [1, 2, 3]


def test_topics_that_sort_unlike_their_numbers_are_locked_in_one_order() -> None:
    """G3: by code points, as Python sorts them, whatever the database's collation says."""
    names = ("room.10", "room.10.owner", "room.9", "room_", "Room.1", "user.10", "user.9")
    _write_both(*sorted(names))

    with Transaction() as holder:
        holder.do(partial(log.lock, min(names)))
        acts = [Act(partial(_write_both, *names)), Act(partial(_write_both, *reversed(names)))]
        for act in acts:
            act.wait_until_it_waits()
        holder.commit()
        for act in acts:
            act.outcome()

    assert {log.marks(names)[name].head for name in names} == {3}


@pytest.mark.only_on("postgresql")  # SQLite has one writer at a time
def test_of_two_transactions_that_cross_over_one_is_refused_before_it_can_wait() -> None:
    """G3: two changes in each, in opposite orders, is the classic deadlock."""
    with Transaction() as forwards, Transaction() as backwards:
        forwards.do(partial(log.lock, "a"))
        backwards.do(partial(log.lock, "b"))

        with pytest.raises(LockOrder):
            backwards.do(partial(log.lock, "a"))
        backwards.roll_back()
        forwards.do(partial(log.lock, "b"))
        forwards.commit()


@pytest.mark.only_on("postgresql")  # as above
def test_a_topic_that_is_new_is_made_in_its_turn() -> None:
    """G3: whoever makes ``b`` while waiting for ``a`` would make the one wait who holds ``a``."""
    _write_both("a")

    with Transaction() as holder:
        holder.do(partial(log.lock, "a"))
        both = Act(partial(_write_both, "a", "b"))
        both.wait_until_it_waits()
        holder.do(partial(log.lock, "b"))
        holder.commit()
        both.outcome()

    assert [log.marks(["a", "b"])[name].head for name in ("a", "b")] == [2, 1]


def test_a_room_that_is_deleted_while_someone_is_admitted_is_deleted_after_it(
    world: World,
) -> None:
    """G3, G4: deleting learns whom it concerns when it holds the room, and locks them then."""
    asked = world.asked_by(world.bob)
    held = topics.of_admission(world.room.pk, world.bob.pk)
    admit = partial(actions.admit_join_request, actor=world.alice, join_request_id=asked.pk)
    delete = partial(actions.delete_room, actor=world.alice, room_id=world.room.pk)

    outcome = in_this_order(held, admit, delete)

    assert outcome is None
    assert not Room.objects.filter(pk=world.room.pk).exists()
    kinds = [event.kind for event in log.read(topics.user(world.bob.pk), 0, 9)]
    assert kinds == ["join_request_created", "join_request_admitted", "room_joined", "room_left"]


def test_a_request_that_is_withdrawn_while_it_is_admitted_stays_admitted(world: World) -> None:
    """G3: two topics in common, and one of them decides."""
    asked = world.asked_by(world.bob)
    held = topics.of_admission(world.room.pk, world.bob.pk)
    admit = partial(actions.admit_join_request, actor=world.alice, join_request_id=asked.pk)
    withdraw = partial(actions.withdraw_join_request, actor=world.bob, join_request_id=asked.pk)

    outcome = in_this_order(held, admit, withdraw)

    assert isinstance(outcome, Conflict)
    assert JoinRequest.objects.get().status == JoinRequest.Status.ADMITTED
