"""How the servers are spoken to: graphql-transport-ws, and plain JSON texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.load import Broken, Step
from benchmarks.people import People

_ANTEROOM_EVENTS = (
    "subscription ($room: ID!, $after: Cursor) { roomEvents(roomId: $room, after: $after) {"
    " __typename ... on MessageSent { cursor message { id text sender { username } postedAt } }"
    " ... on CaughtUp { cursor } } }"
)
_ANTEROOM_SEND = (
    "mutation ($room: ID!, $text: String!) { sendMessage(input: {roomId: $room, text: $text}) {"
    " __typename ... on Error { message } } }"
)
_PEER_EVENTS = "subscription { messages(room: 1) { cursor id text sender postedAt } }"
_PEER_SEND = "mutation ($text: String!) { sendMessage(room: 1, text: $text) { id } }"


@dataclass(frozen=True, slots=True)
class Anteroom:
    """GraphQL, as somebody who is signed in and a member; ``CaughtUp`` says that one is live."""

    people: People
    room: int = 0
    """Which of the rooms."""
    after: str | None = None
    """The cursor to resume from; then nothing is waited for, as the events come at once."""
    path: str = field(default="/graphql", init=False)
    subprotocol: str | None = field(default="graphql-transport-ws", init=False)

    def subscribing(self, n: int) -> Sequence[Step]:
        variables = {"room": self.people.rooms[self.room], "after": self.after}
        live = b"" if self.after else b'"CaughtUp"'
        return [*self.writing(n), Step(_subscribe("1", _ANTEROOM_EVENTS, variables), live)]

    def writing(self, n: int) -> Sequence[Step]:
        return [_init({"Authorization": f"Bearer {self.people.tokens[n]}"})]

    def message(self, number: int, text: str) -> bytes:
        room = self.people.rooms[self.room]
        return _subscribe(str(number), _ANTEROOM_SEND, {"room": room, "text": text})

    def is_answer(self, frame: bytes) -> bool:
        if b'"next"' in frame and b"SendMessageSuccess" not in frame:
            raise Broken(frame.decode())
        return _is_answer(frame)


@dataclass(frozen=True, slots=True)
class PeerGraphQL:
    """GraphQL to a peer, which asks nobody who they are; its first event says one is live."""

    path: str = "/graphql"
    subprotocol: str | None = field(default="graphql-transport-ws", init=False)

    def subscribing(self, n: int) -> Sequence[Step]:
        return [*self.writing(n), Step(_subscribe("1", _PEER_EVENTS, {}), b"subscribed")]

    def writing(self, n: int) -> Sequence[Step]:  # noqa: ARG002  # all are alike
        return [_init({})]

    def message(self, number: int, text: str) -> bytes:
        return _subscribe(str(number), _PEER_SEND, {"text": text})

    def is_answer(self, frame: bytes) -> bool:
        if b'"errors"' in frame:
            raise Broken(frame.decode())
        return _is_answer(frame)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text for a message, and a text that says that it was taken."""

    path: str = "/"
    subprotocol: str | None = None

    def subscribing(self, n: int) -> Sequence[Step]:  # noqa: ARG002  # all are alike
        return [Step(b'{"subscribe": 1}', b"subscribed")]

    def writing(self, n: int) -> Sequence[Step]:  # noqa: ARG002  # as above
        return []

    def message(self, number: int, text: str) -> bytes:  # noqa: ARG002  # it needs no name
        return json.dumps({"text": text}).encode()

    def is_answer(self, frame: bytes) -> bool:
        return b"taken" in frame


def _init(payload: dict[str, str]) -> Step:
    message = {"type": "connection_init", "payload": payload}
    return Step(json.dumps(message).encode(), b'"connection_ack"')


def _subscribe(name: str, query: str, variables: dict[str, str | None]) -> bytes:
    payload = {"query": query, "variables": variables}
    return json.dumps({"type": "subscribe", "id": name, "payload": payload}).encode()


def _is_answer(frame: bytes) -> bool:
    if b'"type":"error"' in frame.replace(b" ", b""):
        raise Broken(frame.decode())
    # What follows is "complete", which a slow server may send after the next message has come.
    return b'"next"' in frame
