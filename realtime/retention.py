"""Pruning: the log keeps what a reader may still come back for, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from realtime import log
from realtime.conf import limits


def prune(*, before: datetime, keep: int) -> int:
    """
    Remove events older than ``before`` and all but the newest ``keep`` of each topic.

    Works in small transactions, each of which raises the floor together with the
    removal, so it can be interrupted anywhere. Returns the number removed.
    """
    outdated = log.outdated(before=before, keep=keep)
    return sum(removed for topic in sorted(outdated) for removed in _prune(topic, outdated[topic]))


def _prune(topic: str, target: int) -> Iterator[int]:
    floor = log.marks([topic])[topic].floor
    while floor < target:
        floor = min(target, floor + limits().prune_batch)
        with transaction.atomic():
            removed = log.forget(topic, floor)
        yield removed
