"""
What can go wrong in ``realtime``::

    RealtimeError
    ├── TransactionRequired   a change to the log outside a transaction
    ├── LockOrder             topics locked in an order that could deadlock
    ├── TopicClosed           an event for a topic that has had its last one
    ├── InvalidCursor         a cursor that was not given out for these topics
    ├── Refused               this follower may not read these topics
    └── UnknownEvent          an event of a kind or version this process cannot read
"""

from __future__ import annotations


class RealtimeError(Exception):
    """The parent of everything below."""


class TransactionRequired(RealtimeError):
    def __init__(self) -> None:
        super().__init__("The log changes only inside transaction.atomic().")


class LockOrder(RealtimeError):
    def __init__(self, wanted: str, held: str) -> None:
        super().__init__(
            f"{wanted!r} must be locked before {held!r}: lock all topics of a change in one call."
        )


class TopicClosed(RealtimeError):
    def __init__(self, topic: str) -> None:
        super().__init__(f"{topic!r} has had its last event.")
        self.topic = topic


class InvalidCursor(RealtimeError):
    def __init__(self) -> None:
        super().__init__("The cursor is empty, damaged or belongs to another stream.")


class Refused(RealtimeError):
    """Raised when following begins; ``reason`` is the application's word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Not allowed to follow: {reason}.")
        self.reason = reason


class UnknownEvent(RealtimeError):
    """The stream must end here and be resumed in a newer process; skipping would lose the event."""

    def __init__(self, kind: str, version: int) -> None:
        super().__init__(f"This process cannot read {kind!r} events of version {version}.")
        self.kind = kind
        self.version = version
