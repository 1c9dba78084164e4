"""Following without a stream: one page at a time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from realtime import cursors
from realtime.cursors import Cursor
from realtime.delivery import Delivery
from realtime.errors import Refused
from realtime.gate import Gate
from realtime.position import Expiry, expiry
from realtime.reader import Want, answer_here


@dataclass(frozen=True, slots=True)
class Page:
    """
    The events after a cursor, and the cursor after them; or why there can be none.

    A page that is ``AHEAD`` of the ``epoch`` proves that the database was restored:
    the caller then rotates that epoch, once the snapshot is over.
    """

    deliveries: Sequence[Delivery]
    cursor: str
    has_more: bool
    epoch: str
    expired: Expiry | None = None


def pull(
    topics: Sequence[str], *, after: str, limit: int, gate: Gate[Any], claim: Hashable
) -> Page:
    """
    Read up to ``limit`` events in the snapshot that is open.

    Raises:
        InvalidCursor: If ``after`` is not a cursor for these topics in this order.
        Refused: If ``gate`` says that ``claim`` may not.

    """
    cursor = cursors.decode(after, topics)
    offsets = dict(zip(topics, cursor.offsets, strict=True))
    answer = answer_here([Want(tuple(topics), offsets, gate, claim)])[0]
    if answer.refusal is not None:
        raise Refused(answer.refusal)
    if expired := expiry(cursor.epoch, offsets, answer.marks):
        return Page([], after, has_more=False, epoch=answer.marks.epoch, expired=expired)
    events = [event for topic in topics for event in answer.pages[topic]][:limit]
    deliveries = []
    for event in events:
        offsets[event.topic] = event.offset
        deliveries.append(Delivery(event, _cursor(cursor.epoch, topics, offsets)))
    has_more = any(offsets[topic] < answer.marks[topic].head for topic in topics)
    return Page(deliveries, _cursor(cursor.epoch, topics, offsets), has_more, cursor.epoch)


def _cursor(epoch: str, topics: Sequence[str], offsets: Mapping[str, int]) -> str:
    return cursors.encode(Cursor(epoch, tuple(offsets[topic] for topic in topics)), topics)
