"""The wires of the ledger's followers, where they end and begin again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from ledger import lines
from ledger.frames import Ended
from ledger.lines import Closed, Door, Errand, Wire
from tests.clients import DEADLINE

BEGUN = Errand("token", 1, None, "began", "began", sleeper=False)
COMPLETE = b"event: complete\ndata:\n\n"


@pytest.mark.parametrize("wire", ["graphql", "plain"])
async def test_a_handshake_that_is_cut_is_the_end_of_the_line(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: Any, **__: Any) -> None:
        raise ConnectionClosedError(None, None)

    monkeypatch.setattr(lines, "connect", connect)

    with pytest.raises(Closed) as closed:
        async with lines.opened(wire, Door(0, 1, proxied=False), BEGUN):
            pass

    assert closed.value.code == 1006


async def test_a_stream_of_events_says_how_far_it_came_and_asks_for_where_it_began() -> None:
    first = await _asked(BEGUN)
    again = await _asked(replace(BEGUN, cursor="far-on"))

    assert "began" in first.splitlines()[0]
    assert "Last-Event-ID" not in first
    assert "began" in again.splitlines()[0]
    assert "Last-Event-ID: far-on" in again.splitlines()


async def test_a_stream_of_events_that_ends_without_being_complete_was_drained() -> None:
    with pytest.raises(Closed) as closed:
        await _asked(BEGUN, b"")

    assert closed.value.code == lines.DRAINED


async def _asked(errand: Errand, said: bytes = COMPLETE) -> str:
    """What a follower asks, of a server that says so much and ends the response."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(b"%x\r\n%b\r\n" % (len(said), said) if said else b"")
        writer.write(b"0\r\n\r\n")
        writer.close()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        asyncio.timeout(DEADLINE),
    ):
        port = server.sockets[0].getsockname()[1]
        async with lines.opened("sse", Door(0, port, proxied=False), errand) as line:
            try:
                await line.hear()
            except Ended:
                assert said
    return asked[0]
