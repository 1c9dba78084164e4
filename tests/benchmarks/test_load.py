"""What is counted is what arrived, once and in order."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.dialogues import Anteroom, PeerGraphQL
from benchmarks.feed import Feed
from benchmarks.load import Broken, Opening, Step, Subscriber
from benchmarks.people import People
from tests.benchmarks.test_frames import from_server


class Wire(asyncio.Transport):
    """Remembers what was written, and whom it belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.protocol: object = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


def told(feed: Feed, messages: int) -> list[bytes]:
    return [from_server(feed.write(0.0).encode() + b"x" * 100) for _ in range(messages)]


def test_all_is_well_if_everyone_is_told_everything_in_order() -> None:
    feed = Feed(2)
    wire = b"".join(told(feed, 3))

    for subscriber in (Subscriber(feed), Subscriber(feed)):
        subscriber.data_received(wire)

    assert (feed.total, feed.missing, feed.judge()) == (6, 0, [])


@pytest.mark.parametrize("size", [1, 7, 100, 200])
def test_frames_may_come_in_pieces_of_any_size(size: int) -> None:
    feed = Feed(2)
    wire = b"".join(told(feed, 3))

    for subscriber in (Subscriber(feed), Subscriber(feed)):
        for at in range(0, len(wire), size):
            subscriber.data_received(wire[at : at + size])

    assert (feed.total, feed.judge()) == (6, [])


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([0, 2], id="lost"),
        pytest.param([0, 1, 1, 2], id="repeated"),
        pytest.param([0, 2, 1], id="out of order"),
        pytest.param([0, 1], id="lost at the end"),
    ],
)
def test_what_one_subscriber_is_told_wrongly_is_found(wrong: list[int]) -> None:
    feed = Feed(2)
    wire = told(feed, 3)

    Subscriber(feed).data_received(b"".join(wire))
    Subscriber(feed).data_received(b"".join(wire[n] for n in wrong))

    assert feed.judge()


def test_what_nobody_is_told_is_found() -> None:
    feed = Feed(1)
    wire = told(feed, 3)

    Subscriber(feed).data_received(wire[0] + wire[2])

    assert feed.judge() == ["1 of 3 deliveries are missing.", "What was told is not what was sent."]


def test_a_server_may_say_the_same_in_different_words_to_each() -> None:
    feed = Feed(2)
    text = feed.write(0.0).encode()

    Subscriber(feed).data_received(from_server(b'{"id": "1"}' + text))
    Subscriber(feed).data_received(from_server(b'{"id": "2"}' + text))

    assert (feed.total, feed.judge()) == (2, [])


def test_pings_are_answered_and_not_counted() -> None:
    feed = Feed(1)
    subscriber = Subscriber(feed)
    subscriber.connection_made(wire := Wire())

    subscriber.data_received(from_server(b"hey", 0x89))

    assert wire.written == b"\x8a\x83\0\0\0\0hey"
    assert feed.total == 0


async def test_an_opening_goes_step_by_step_and_hands_over_what_came_too_early() -> None:
    feed = Feed(1)
    subscriber, wire = Subscriber(feed), Wire()
    opening = Opening(b"hello", [Step(b"init", b"ack"), Step(b"go", b"live")], subscriber)
    opening.connection_made(wire)

    opening.data_received(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    opening.data_received(from_server(b"ack"))
    opening.data_received(from_server(b"live") + b"".join(told(feed, 1)))
    await opening.opened

    assert wire.written.startswith(b"hello")
    assert wire.written.endswith(b"go")
    assert wire.protocol is subscriber
    assert feed.total == 1


async def test_a_refused_handshake_is_an_error() -> None:
    opening = Opening(b"", [Step(b"", b"live")], Subscriber(Feed(1)))
    opening.connection_made(Wire())

    opening.data_received(b"HTTP/1.1 403 Forbidden\r\n\r\n")

    with pytest.raises(Broken, match="403"):
        await opening.opened


def test_a_message_that_was_refused_is_not_taken_for_sent() -> None:
    dialogue = Anteroom(People(["token"], ["room"]))

    with pytest.raises(Broken):
        dialogue.is_answer(
            b'{"type":"next","payload":{"data":{"sendMessage":{"__typename":"NotFound"'
        )
    with pytest.raises(Broken):
        PeerGraphQL().is_answer(b'{"type": "error", "payload": []}')
