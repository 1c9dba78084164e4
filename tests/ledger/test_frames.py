"""What a follower of the ledger is told, whatever wire it came by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.frames import Ended, Refused, Told, event_told, graphql_told, mark_of, plain_told
from tests.end_to_end.http_streams import Frame

SENT = {
    "__typename": "MessageSent",
    "cursor": "after it",
    "message": {"databaseId": 7, "text": "Hello"},
}
PLAIN = {
    "type": "chat_message_created",
    "kwargs": {"id": "7", "message": "Hello"},
    "cursor": "after it",
}
TOLD = Told("message_sent", mark_of("message_sent", 7, "Hello"), "after it")


def response(event: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"events": event}}


def test_an_event_is_the_same_over_every_wire() -> None:
    frame = {"id": "1", "type": "next", "payload": response(SENT)}

    assert graphql_told(json.dumps(frame).encode()) == TOLD
    assert plain_told(json.dumps(PLAIN).encode()) == TOLD
    assert event_told(Frame("next", response(SENT), "after it")) == TOLD


def test_of_a_server_sent_event_only_the_id_is_its_cursor() -> None:
    told = event_told(Frame("next", response({**SENT, "cursor": "in it"}), "its id"))
    without = event_told(Frame("next", response(SENT), None))

    assert told is not None
    assert told.cursor == "its id"
    assert without is not None
    assert without.cursor == ""


def test_a_server_sent_stream_says_that_it_lives_that_it_is_over_and_that_it_is_refused() -> None:
    refusal = {"errors": [{"message": "No.", "extensions": {"code": "NOT_FOUND"}}]}

    assert event_told(Frame("heartbeat")) is None
    with pytest.raises(Ended):
        event_told(Frame("complete"))
    with pytest.raises(Refused) as refused:
        event_told(Frame("next", refusal))
    assert refused.value.code == "NOT_FOUND"
