"""The seam to the application: who may follow, and until when."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

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

    def ends(self, event: Event, claim: ClaimT) -> End | None:
        """
        Tell whether ``event`` is the last of this follower's stream.

        Called on the event loop for every live event, before it is delivered.

        Raises:
            UnknownEvent: If this process cannot read the event.

        """
        ...
