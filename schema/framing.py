"""How responses are written one after the other into one HTTP response."""

from __future__ import annotations

import random
from typing import Any, Protocol

import msgspec

from schema.negotiation import EVENT_STREAM, MULTIPART


class Framing(Protocol):
    """A response is JSON; ``cursor`` is the position just after it, if it has one."""

    content_type: str
    opening: bytes
    heartbeat: bytes
    complete: bytes
    """The end, after which there is nothing to come back for."""

    def next(self, response: bytes, cursor: str | None) -> bytes: ...

    def failure(self, message: str, code: str) -> bytes:
        """An end that comes too early: the client is to come back."""
        ...


class EventStream:
    """
    Server-sent events as graphql-sse has them, in its distinct connections mode
    (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md).

    Browsers remember the ``id`` of the last event and send it when they come back, which they
    do by themselves unless the stream was complete.
    """

    content_type = "text/event-stream; charset=utf-8"
    heartbeat = b":\n\n"
    # Without a data line, browsers would not tell of it.
    complete = b"event: complete\ndata:\n\n"

    def __init__(self) -> None:
        # They do not all come back in the same moment.
        self.opening = b"retry: %d\n\n" % random.randint(500, 2_500)  # noqa: S311  # not a secret

    def next(self, response: bytes, cursor: str | None) -> bytes:
        position = b"id: %b\n" % cursor.encode() if cursor is not None else b""
        return b"%bevent: next\ndata: %b\n\n" % (position, response)

    def failure(self, message: str, code: str) -> bytes:  # noqa: ARG002  # they just come back
        return b""


class Multipart:
    """
    Parts as Apollo's clients read them
    (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol).

    A part is followed by the next part's delimiter at once: clients wait for it.
    """

    content_type = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
    opening = b"--graphql"
    complete = b"--\r\n"

    def __init__(self) -> None:
        self.heartbeat = self._part(b"{}")

    def next(self, response: bytes, cursor: str | None) -> bytes:  # noqa: ARG002  # ask for the field
        return self._part(b'{"payload":%b}' % response)

    def failure(self, message: str, code: str) -> bytes:
        error: dict[str, Any] = {"message": message, "extensions": {"code": code}}
        last = msgspec.json.encode({"payload": None, "errors": [error]})
        return self._part(last) + self.complete

    def _part(self, content: bytes) -> bytes:
        return b"\r\nContent-Type: application/json\r\n\r\n%b\r\n--graphql" % content


FRAMINGS: dict[str, type[EventStream | Multipart]] = {
    EVENT_STREAM: EventStream,
    MULTIPART: Multipart,
}
