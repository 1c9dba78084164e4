from __future__ import annotations

from django.db import models


class TopicRow(models.Model):
    """A topic's head, floor and lock. A closed topic stays, as its own tombstone."""

    name = models.CharField(primary_key=True, max_length=90)
    head = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
    closed = models.BooleanField(default=False)

    class Meta:
        db_table = "realtime_topic"
        verbose_name = "topic"
        constraints = [
            models.CheckConstraint(
                name="realtime_topic_floor_below_head",
                condition=models.Q(floor__gte=0, floor__lte=models.F("head")),
            )
        ]

    def __str__(self) -> str:
        return self.name


class EventRow(models.Model):
    """One event; the primary key is its place in its topic."""

    pk = models.CompositePrimaryKey("topic_id", "offset")
    topic = models.ForeignKey(TopicRow, on_delete=models.PROTECT, related_name="+", db_index=False)
    offset = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField()
    data = models.JSONField()
    occurred_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "realtime_event"
        verbose_name = "event"

    def __str__(self) -> str:
        return f"{self.topic_id}@{self.offset} {self.kind}"


class EpochRow(models.Model):
    """The one row that names this database's history."""

    value = models.CharField(max_length=32)

    class Meta:
        db_table = "realtime_epoch"
        verbose_name = "epoch"
        constraints = [
            models.CheckConstraint(name="realtime_epoch_is_one", condition=models.Q(id=1))
        ]

    def __str__(self) -> str:
        return self.value
