"""The seam to the application: who may follow, and until when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from realtime.event import Event

ClaimT = TypeVar("ClaimT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class End:
    """
    Why an event ends a stream, in the application's word for it.

    The event itself is the last one delivered if ``delivered``; otherwise the
    reason takes its place.
    """

    reason: str
    delivered: bool = False


Ending: TypeAlias = Callable[[ClaimT], End | None]
"""Tells how an event ends the stream of whoever has this claim, none if it does not."""


class Gate(Protocol[ClaimT]):
    """
    What an application decides for its followers.

    A claim is what a follower says it is, as a hashable value: *user 3 as a
    member of room 7*. It decides which topics it may follow.
    """

    def authorise(self, claims: Collection[ClaimT]) -> Mapping[ClaimT, str]:
        """
        Return those of ``claims`` that do not hold, each with the reason.

        Called in a database thread, inside the snapshot in which the events are
        read. One query should do for any number of claims.
        """
        ...

    def ending(self, event: Event) -> Ending[ClaimT] | None:
        """
        Tell whose stream ``event`` is the last of; none if it is nobody's.

        Called on the event loop, once for each event, before it is delivered; only one that
        is live ends a stream.

        Raises:
            UnknownEvent: If this process cannot read the event.

        """
        ...
