"""
The reference: a bare ASGI application that sends a ready text to every socket.

No database, no Redis, nothing to be asked: what is left is the price of the sockets.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

_sends: set[Send] = set()
_count = 0


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await _obey(json.loads(message["text"]), send)
    _sends.discard(send)


async def _obey(message: dict[str, Any], send: Send) -> None:
    if "subscribe" in message:
        _sends.add(send)
        await send({"type": "websocket.send", "text": "subscribed"})
        return
    await send({"type": "websocket.send", "text": "taken"})
    event = {"type": "websocket.send", "text": _event(message["text"])}
    for each in list(_sends):
        await each(event)


def _event(text: str) -> str:
    """A frame with the fields, and of the length, of the others'."""
    global _count  # noqa: PLW0603  # one process, one room
    _count += 1
    return (
        '{"type":"next","id":"1","payload":{"data":{"roomEvents":{"__typename":"MessageSent",'
        f'"cursor":"{_count:080}","message":{{"id":"TWVzc2FnZTo{_count:06}","text":"{text}",'
        '"sender":{"username":"person-1"},"postedAt":"2026-11-22T20:00:00.000000+00:00"}}}}}'
    )
