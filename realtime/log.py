"""
The log: the one place that reads and writes the event tables.

A change, in this order: :func:`lock` the topics it will touch, read again what
it decides by, write, :func:`publish`, commit. The topic's row is the mutex of
what the topic tells about, so nothing else is locked before it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import F, Max
from django.utils import timezone

from realtime import bell
from realtime.errors import LockOrder, TopicClosed, TransactionRequired
from realtime.event import Event
from realtime.models import EventRow, TopicRow

logger = logging.getLogger(__name__)

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a topic reaches: its events are those above ``floor``, up to ``head``."""

    head: int = 0
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """The epoch and the marks of some topics, all of one moment."""

    epoch: str
    by_topic: Mapping[str, Mark]

    def __getitem__(self, topic: str) -> Mark:
        return self.by_topic.get(topic, Mark())


def lock(*topics: str) -> None:
    """
    Lock ``topics`` until the surrounding transaction ends, making those that are new.

    Locks are taken in the order of the names, so that two changes never wait for
    each other. Locking a topic again costs nothing; one that sorts before a topic
    already held cannot be added.

    Raises:
        TransactionRequired: If no transaction is open.
        LockOrder: If a deadlock would become possible.

    """
    if not connection.in_atomic_block:
        raise TransactionRequired
    held = _held()
    wanted = sorted(set(topics) - held)
    if not wanted:
        return
    if held and wanted[0] < max(held):
        raise LockOrder(wanted[0], max(held))
    transaction.on_commit(_Held(_lock_in_turn(wanted)))


def next_offset(topic: str) -> int:
    """The offset that the next event of ``topic`` will have; locks the topic."""
    lock(topic)
    return _head(topic) + 1


def publish(topic: str, kind: str, data: Mapping[str, Any], *, version: int = 1) -> Event:
    """
    Append an event to ``topic`` now, and ring for it when the transaction commits.

    Args:
        data: JSON values; the whole of what followers need, for they look nothing up.

    Raises:
        TransactionRequired: If no transaction is open.
        TopicClosed: If the topic has had its last event.

    """
    lock(topic)
    epoch, offset = _advance(topic)
    event = Event(topic, offset, kind, version, data, timezone.now())
    _insert(event)
    transaction.on_commit(_Ring(epoch, event))
    return event


def close(topic: str, *, keep_last: bool) -> None:
    """
    End ``topic`` for good and forget its events, all or all but the last.

    Raises:
        TransactionRequired: If no transaction is open.

    """
    lock(topic)
    head = _head(topic)
    TopicRow.objects.filter(name=topic).update(closed=True)
    forget(topic, max(head - 1, 0) if keep_last else head)


def forget(topic: str, upto: int) -> int:
    """
    Remove the events of ``topic`` up to offset ``upto``, raise the floor to it, and
    return how many there were.

    Raises:
        TransactionRequired: If no transaction is open.

    """
    lock(topic)
    TopicRow.objects.filter(name=topic, floor__lt=upto).update(floor=upto)
    return EventRow.objects.filter(topic=topic, offset__lte=upto).delete()[0]


def outdated(*, before: datetime, keep: int) -> Mapping[str, int]:
    """Return how far each topic is older than ``before`` or goes beyond the newest ``keep``."""
    crowded = TopicRow.objects.filter(head__gt=F("floor") + keep)
    aged = EventRow.objects.filter(occurred_at__lt=before).values_list("topic")
    offsets = {name: head - keep for name, head in crowded.values_list("name", "head")}
    for name, offset in aged.annotate(Max("offset")):
        offsets[name] = max(offset, offsets.get(name, 0))
    return offsets


def marks(topics: Collection[str]) -> Marks:
    """Read the epoch and the marks of ``topics`` in one statement, whatever their number."""
    among, names = _among(topics)
    with connection.cursor() as cursor:
        cursor.execute(_MARKS.format(among=among), [names])
        rows = cursor.fetchall()
    if not rows:
        raise RuntimeError("The database has no epoch: run manage.py migrate.")
    found = {name: Mark(head, floor) for _, name, head, floor in rows if name is not None}
    return Marks(rows[0][0], found)


def read(topic: str, after: int, limit: int) -> Sequence[Event]:
    """Read up to ``limit`` events of ``topic`` that follow offset ``after``, in order."""
    rows = EventRow.objects.filter(topic=topic, offset__gt=after).order_by("offset")[:limit]
    return [_event(row) for row in rows]


def last(topic: str, kind: str, limit: int) -> Sequence[Event]:
    """Read the newest ``limit`` events of one kind, newest first."""
    rows = EventRow.objects.filter(topic=topic, kind=kind).order_by("-offset")[:limit]
    return [_event(row) for row in rows]


@dataclass(frozen=True, slots=True)
class _Held:
    """
    Remembers locks for as long as the transaction or savepoint that took them.

    Django forgets the commit callbacks of a savepoint that is rolled back, at the
    moment when PostgreSQL releases that savepoint's locks.
    """

    heads: Mapping[str, int]
    """The head of each topic when it was locked."""

    def __call__(self) -> None:
        """Do nothing at commit: the locks are gone."""


@dataclass(frozen=True, slots=True)
class _Ring:
    """Rings at commit for an event; until then, remembers that it was appended."""

    epoch: str
    event: Event

    def __call__(self) -> None:
        try:
            bell.ring(self.epoch, self.event)
        except Exception:
            # The change is made, and the heads check will find its event.
            logger.exception("A ring failed.")


def _held() -> set[str]:
    return {topic for each in _pending(_Held) for topic in each.heads}


def _head(topic: str) -> int:
    """The head of a topic that is held, without asking the database for it."""
    locked = [each.heads[topic] for each in _pending(_Held) if topic in each.heads]
    appended = [each.event.offset for each in _pending(_Ring) if each.event.topic == topic]
    return max(locked + appended)


def _pending(kind: type[P]) -> list[P]:
    return [entry[1] for entry in connection.run_on_commit if isinstance(entry[1], kind)]


def _lock_in_turn(names: Sequence[str]) -> Mapping[str, int]:
    """Lock topics in the order of ``names``, making those that are new; return their heads."""
    if len(names) == 1 and (heads := _lock_existing(names)):
        return heads
    # An INSERT waits for another transaction's INSERT of the same name, and is a lock
    # like the others. So a new topic is made when its turn comes, not before.
    existing = set(TopicRow.objects.filter(name__in=names).values_list("name", flat=True))
    heads = {}
    for exist, turn in groupby(names, existing.__contains__):
        run = list(turn)
        if not exist:
            TopicRow.objects.bulk_create(map(TopicRow, run), ignore_conflicts=True)
        heads.update(_lock_existing(run))
    return heads


def _lock_existing(names: Sequence[str]) -> Mapping[str, int]:
    among, parameter = _among(names)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK[connection.vendor].format(among=among), [parameter])
        return dict(cursor.fetchall())


def _advance(topic: str) -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_ADVANCE, [topic])
        row = cursor.fetchone()
    if row is None:
        raise TopicClosed(topic)
    return row[0], row[1]


def _insert(event: Event) -> None:
    at: Any = connection.ops.adapt_datetimefield_value(event.occurred_at)
    data = json.dumps(event.data)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, (event.topic, event.offset, event.kind, event.version, data, at))


def _event(row: EventRow) -> Event:
    return Event(row.topic_id, row.offset, row.kind, row.version, row.data, row.occurred_at)


def _among(topics: Collection[str]) -> tuple[str, Any]:
    """What follows a name in a condition that it is one of ``topics``, and its parameter."""
    if len(topics) == 1:
        # PostgreSQL keeps a plan for this, and for an array it does not: see realtime.arrays.
        return "= %s", next(iter(topics))
    if connection.vendor == "sqlite":
        return "IN (SELECT value FROM json_each(%s))", json.dumps(list(topics))
    return "= ANY(%s)", list(topics)


# Topics are locked as sorted() orders them: a database's own collation may do otherwise.
_LOCK = {
    "postgresql": """
        SELECT name, head FROM realtime_topic WHERE name {among}
        ORDER BY name COLLATE "C" FOR UPDATE
    """,
    # A transaction of SQLite's has the one write lock from its beginning.
    "sqlite": "SELECT name, head FROM realtime_topic WHERE name {among}",
}

_INSERT = """
    INSERT INTO realtime_event (topic_id, "offset", kind, version, data, occurred_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""

# The epoch is read with the offset, in the transaction: a ring never names another history's.
_ADVANCE = """
    UPDATE realtime_topic SET head = head + 1 WHERE name = %s AND NOT closed
    RETURNING (SELECT value FROM realtime_epoch WHERE id = 1), head
"""

_MARKS = """
    SELECT epoch.value, topic.name, topic.head, topic.floor
    FROM realtime_epoch AS epoch LEFT JOIN realtime_topic AS topic ON topic.name {among}
    WHERE epoch.id = 1
"""
