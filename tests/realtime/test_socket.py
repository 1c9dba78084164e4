"""Sockets: closed once, never waited for without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from realtime.socket import Message, Socket
from realtime.wire import ABORT, Disconnected
from tests.realtime.conftest import DEADLINE


class Peer:
    """The server's side: what arrives, what was sent, and whether it was cut."""

    def __init__(self, *arriving: dict[str, Any]) -> None:
        self.arriving = [{"type": "websocket.connect"}, *arriving]
        self.sent: list[Message] = []
        self.aborted = 0
        self.sending: Callable[[Message], Awaitable[None]] | None = None

    async def receive(self) -> Message:
        return self.arriving.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)
        if self.sending is not None:
            await self.sending(message)

    def abort(self) -> None:
        self.aborted += 1

    def socket(self, **scope: Any) -> Socket:
        return Socket({"extensions": {ABORT: self.abort}, **scope}, self.receive, self.send)


async def never(message: Message) -> None:
    await asyncio.get_running_loop().create_future()


def failing_with(error: Exception) -> Callable[[Message], Awaitable[None]]:
    async def fail(message: Message) -> None:
        raise error

    return fail


async def _send_for_ever(socket: Socket) -> None:
    while True:
        await socket.send(b"Hello")


async def accepted(peer: Peer) -> Socket:
    socket = peer.socket()
    await socket.accept()
    peer.sent.clear()
    return socket


async def test_a_refused_handshake_is_closed_before_it_is_accepted() -> None:
    peer = Peer()

    await peer.socket().refuse()

    assert peer.sent == [{"type": "websocket.close"}]
    assert len(peer.arriving) == 0


async def test_an_accepted_handshake_names_its_subprotocol() -> None:
    peer = Peer()

    await peer.socket().accept("graphql-transport-ws")

    assert peer.sent == [{"type": "websocket.accept", "subprotocol": "graphql-transport-ws"}]


async def test_text_and_bytes_arrive_as_they_were_sent() -> None:
    peer = Peer(
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.receive", "bytes": b"\0"},
    )
    socket = await accepted(peer)

    assert [await socket.receive(), await socket.receive()] == ["", b"\0"]


async def test_nothing_is_sent_to_a_peer_that_has_gone() -> None:
    peer = Peer({"type": "websocket.disconnect", "code": 1001})
    socket = await accepted(peer)

    with pytest.raises(Disconnected):
        await socket.receive()
    with pytest.raises(Disconnected):
        await socket.send(b"late")
    await socket.close(4401, "late")

    assert peer.sent == []


@pytest.mark.limits(send_deadline=0.01)
async def test_a_peer_that_does_not_read_is_cut_at_the_deadline() -> None:
    """G7: and only then, so that a slow one is merely slow."""
    peer = Peer()
    socket = await accepted(peer)
    peer.sending = never

    async with asyncio.timeout(DEADLINE):
        with pytest.raises(Disconnected):
            await _send_for_ever(socket)

    assert peer.aborted == 1
    with pytest.raises(Disconnected):
        await socket.send(b"again")
    await socket.close(1000)
    assert len(peer.sent) == 1


@pytest.mark.limits(send_deadline=0.01)
async def test_a_peer_that_does_not_take_its_close_is_cut() -> None:
    peer = Peer()
    socket = await accepted(peer)
    peer.sending = never

    async with asyncio.timeout(DEADLINE):
        await socket.close(4401)

    assert peer.aborted == 1


@pytest.mark.limits(send_deadline=0.01)
async def test_a_server_that_cannot_cut_is_told_nothing() -> None:
    peer = Peer()
    peer.sending = never

    with pytest.raises(Disconnected):
        await Socket({}, peer.receive, peer.send).accept()


@pytest.mark.parametrize(
    "error", [OSError("gone"), RuntimeError("sent after close"), TimeoutError("gone")]
)
async def test_whatever_a_server_raises_means_that_the_peer_is_gone(error: Exception) -> None:
    peer = Peer()
    socket = await accepted(peer)
    peer.sending = failing_with(error)

    with pytest.raises(Disconnected):
        await _send_for_ever(socket)
    await socket.close(1000)

    assert len(peer.sent) == 1


async def test_a_sender_that_is_cancelled_is_cancelled_and_cuts_nobody() -> None:
    peer = Peer()
    socket = await accepted(peer)
    peer.sending = never
    sending = asyncio.create_task(_send_for_ever(socket))
    await asyncio.sleep(0)

    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending
    assert peer.aborted == 0


async def test_a_socket_is_closed_once() -> None:
    peer = Peer()
    socket = await accepted(peer)

    await socket.close(4401, "Signed out.")
    await socket.close(4403, "Forbidden.")

    assert peer.sent == [{"type": "websocket.close", "code": 4401, "reason": "Signed out."}]


@pytest.mark.parametrize("reason", ["x" * 500, "é" * 500, "x" + "€" * 500, "😀" * 500])
async def test_a_long_reason_is_cut_to_what_a_close_frame_holds(reason: str) -> None:
    """RFC 6455, 5.5: 125 bytes, two of which are the code."""
    peer = Peer()
    socket = await accepted(peer)

    await socket.close(4400, reason)

    sent = peer.sent[0]["reason"]
    assert reason.startswith(sent)
    assert 116 < len(sent.encode()) <= 123


async def test_headers_are_found_by_their_lower_case_names() -> None:
    socket = Peer().socket(headers=[(b"Origin", b"https://a.test"), (b"x-name", b"J\xfcrg")])

    assert socket.headers == {"origin": "https://a.test", "x-name": "Jürg"}
