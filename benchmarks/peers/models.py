from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone


class Message(models.Model):
    """What was said in a room; the table is made by the run, for all peers alike."""

    room_id = models.BigIntegerField()
    sender = models.CharField(max_length=150)
    text = models.TextField()
    posted_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = models.Manager()

    class Meta:
        managed = False
        db_table = "peer_message"

    def __str__(self) -> str:
        return self.text

    def as_event(self) -> dict[str, Any]:
        """The fields that all servers send; the cursor is as long as Anteroom's."""
        return {
            "cursor": f"{self.pk:080}",
            "id": str(self.pk),
            "text": self.text,
            "sender": self.sender,
            "posted_at": self.posted_at.isoformat(),
        }
