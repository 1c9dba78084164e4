"""A subscription on a socket."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from realtime.flow import Flow
from realtime.follower import Item
from realtime.socket import Socket
from schema import messages
from schema.messages import Complete
from schema.subscribing import Subscription


class Stream:
    """
    Writes what a subscription delivers to its socket, as it comes, until its end.

    ``on_end`` is called when it is complete, ``on_failure`` if it cannot go on.
    """

    __slots__ = ("_flow", "_head", "_id", "_on_end", "_on_failure", "_response", "_socket")

    def __init__(
        self,
        socket: Socket,
        operation_id: str,
        subscription: Subscription,
        on_end: Callable[[str], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._socket = socket
        self._id = operation_id
        self._head = b'{"type":"next","id":%b,"payload":' % msgspec.json.encode(operation_id)
        self._response = subscription.rendering.response
        self._on_end = on_end
        self._on_failure = on_failure
        self._flow = Flow(subscription.follower, self, socket)

    def start(self) -> None:
        """Deliver what there is, and what comes."""
        self._flow.start()

    def close(self) -> None:
        """Deliver nothing more and say nothing of it."""
        self._flow.close()

    def take(self, items: Sequence[Item]) -> bool:
        head, response = self._head, self._response
        return self._socket.write([head + response(item) + b"}" for item in items])

    def end(self) -> None:
        self._socket.write([messages.encode(Complete(self._id))])
        self._on_end(self._id)

    def fail(self, error: Exception) -> None:
        self._on_failure(error)
