"""Where a reader stands, and whether the log still holds what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from realtime.conf import limits
from realtime.log import Marks


class Expiry(StrEnum):
    """Why a position cannot be resumed from."""

    RETENTION = "RETENTION"
    """Events after it have been pruned away."""
    EPOCH = "EPOCH"
    """It belongs to another history of the database."""
    AHEAD = "AHEAD"
    """It lies beyond the topic's end: the database was restored to an earlier state."""
    TOO_FAR = "TOO_FAR"
    """More events follow it than a stream replays."""


def expiry(epoch: str, offsets: Mapping[str, int], marks: Marks) -> Expiry | None:
    """Judge a position by marks that were read from the database after it was given out."""
    if epoch != marks.epoch:
        return Expiry.EPOCH
    if any(offset > marks[topic].head for topic, offset in offsets.items()):
        return Expiry.AHEAD
    if any(offset < marks[topic].floor for topic, offset in offsets.items()):
        return Expiry.RETENTION
    missing = sum(marks[topic].head - offset for topic, offset in offsets.items())
    return Expiry.TOO_FAR if missing > limits().replay_limit else None
