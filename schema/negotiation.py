"""Which form of answer a client wants (RFC 9110, 12.5.1; GraphQL over HTTP, 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.http.request import MediaType

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed;subscriptionSpec=1.0"
HTML = "text/html"

RESULTS = (JSON, GRAPHQL_RESPONSE, EVENT_STREAM)
"""What a query or a mutation is answered in."""
STREAMS = (EVENT_STREAM, MULTIPART)
"""What a subscription is answered in."""

_NAMED_BY_THE_SERVER = {"q", "boundary", "charset"}


@dataclass(frozen=True, slots=True)
class _Range:
    """One part of an Accept header, and its place there."""

    type: MediaType
    place: int

    @property
    def quality(self) -> float:
        return float(self.type.quality)

    @property
    def specificity(self) -> tuple[int, int]:
        wildcards = (self.type.main_type, self.type.sub_type).count("*")
        return -wildcards, len(self._parameters)

    @property
    def _parameters(self) -> dict[str, object]:
        parameters = self.type.params.items()
        return {name: value for name, value in parameters if name not in _NAMED_BY_THE_SERVER}

    def covers(self, offer: MediaType) -> bool:
        asked, given = self.type, offer
        if self.type.params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            return False
        if asked.main_type == asked.sub_type == "*":
            return not self._parameters
        if (asked.main_type, asked.sub_type) == (given.main_type, "*"):
            return not self._parameters
        same = (asked.main_type, asked.sub_type) == (given.main_type, given.sub_type)
        return same and self._parameters == {**given.params}


@lru_cache(256)
def preferred(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """
    Return the offer that ``accept`` prefers, or none if it takes none of them.

    Without an Accept header that is the first. What is wanted equally is decided by its
    place in the header, and then by its place among the offers.
    """
    if not accept or not accept.strip():
        return offers[0]
    ranges = [
        _Range(MediaType(part.lower()), place) for place, part in enumerate(accept.split(","))
    ]
    wanted = {offer: _range_of(offer, ranges) for offer in offers}
    taken = {offer: each for offer, each in wanted.items() if each and each.quality > 0}
    return max(taken, key=lambda offer: (taken[offer].quality, -taken[offer].place), default=None)


def _range_of(offer: str, ranges: Sequence[_Range]) -> _Range | None:
    """The most specific range that covers the offer: it alone says how much that is wanted."""
    offered = MediaType(offer.lower())
    covering = [each for each in ranges if each.covers(offered)]
    return max(covering, key=lambda each: each.specificity, default=None)
