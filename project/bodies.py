"""Requests whose body is too large, refused before it has been read to its end."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from realtime.socket import Message, Receive, Scope, Send

_ANSWER = b'{"errors":[{"message":"The request is too large."}]}'
_HEADERS = [
    (b"content-type", b"application/json; charset=utf-8"),
    (b"content-length", str(len(_ANSWER)).encode()),
    (b"connection", b"close"),
]


class TooLarge(Exception):
    """More came than ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes."""


async def bounded(application: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """
    Serve a request with a body of ``DATA_UPLOAD_MAX_MEMORY_SIZE`` bytes at most.

    Django by itself writes bodies of any size to a file before anybody looks at
    them, and believes a request that does not say how long it is.
    """
    most, read = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, 0

    async def receive_bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise TooLarge
        return message

    try:
        if _announced(scope) > most:
            raise TooLarge
        await application(scope, receive_bounded, send)
    except TooLarge:
        await send({"type": "http.response.start", "status": 413, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER})


def _announced(scope: Scope) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"")
    return int(text) if text.isdigit() else 0
