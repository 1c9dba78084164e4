"""Pruning: the log keeps what a reader may still come back for, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max

from realtime import log
from realtime.conf import limits
from realtime.models import EventRow, TopicRow


def prune(*, before: datetime, keep: int) -> int:
    """
    Remove events older than ``before`` and all but the newest ``keep`` of each topic.

    Works in small transactions, each of which raises the floor together with the
    removal, so it can be interrupted anywhere. Returns the number removed.
    """
    targets = {**_crowded(keep)}
    for topic, offset in _aged(before):
        targets[topic] = max(offset, targets.get(topic, 0))
    return sum(_prune_topic(topic, target) for topic, target in sorted(targets.items()))


def _crowded(keep: int) -> Mapping[str, int]:
    topics = TopicRow.objects.filter(head__gt=F("floor") + keep)
    return {topic.name: topic.head - keep for topic in topics.iterator()}


def _aged(before: datetime) -> Iterator[tuple[str, int]]:
    aged = EventRow.objects.filter(occurred_at__lt=before)
    return aged.values_list("topic").annotate(Max("offset")).iterator()


def _prune_topic(topic: str, target: int) -> int:
    removed = 0
    floor = -1
    while floor < target:
        with transaction.atomic():
            log.lock(topic)
            floor = TopicRow.objects.values_list("floor", flat=True).get(name=topic)
            upto = min(target, floor + limits().prune_batch)
            removed += EventRow.objects.filter(topic=topic, offset__lte=upto).delete()[0]
            TopicRow.objects.filter(name=topic, floor__lt=upto).update(floor=upto)
            floor = max(floor, upto)
    return removed
