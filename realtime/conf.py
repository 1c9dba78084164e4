"""The limits of ``realtime``: defaults here, overridden by ``settings.REALTIME``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from realtime.configuration import configured


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds; a size counts events unless it says bytes."""

    heads_interval: float = 1.0
    """How often the heads of all held topics are read: how late an event without a ring is."""
    recheck_interval: float = 4.0
    """How often the rights of all followers are read again."""
    join_settling: float = 0.2
    """How long after joining a group the heads are read, since joining returns before it holds."""
    ring_deadline: float = 1.0
    """How long one ring may take before it is given up."""
    ring_event_bytes: int = 16_384
    """The largest event that a ring carries; a larger one is announced and read from the log."""
    page_size: int = 200
    """The events that one follower reads at a time."""
    batch_size: int = 10_000
    """The readers that one snapshot serves."""
    batch_pages: int = 200
    """The pages that one snapshot reads."""
    gathering: float = 0.003
    """How long nobody may come before a batch is made, right after another one."""
    replay_limit: int = 10_000
    """The events that a cursor may be behind before it is TOO_FAR."""
    tail_size: int = 1_000
    """The events of one topic that are kept in memory."""
    tails_size: int = 20_000
    """The events of all topics that are kept in memory."""
    renderings_bytes: int = 67_108_864
    """What events were rendered to that is kept in memory, in bytes."""
    retention_days: float = 7.0
    """The age at which ``prune_events`` removes events."""
    retention_events: int = 10_000
    """The events of one topic that ``prune_events`` keeps."""
    prune_batch: int = 1_000
    """The events that one pruning transaction removes."""
    socket_buffer_bytes: int = 65_536
    """What is kept for a socket whose peer does not read, in bytes; one message may exceed it."""
    send_deadline: float = 20.0
    """How long a socket may refuse what is sent to it before it is cut."""


@cache
def limits() -> Limits:
    """The limits in force; raises ``ImproperlyConfigured`` if they are not such."""
    return configured(Limits, "REALTIME")
