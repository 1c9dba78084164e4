"""The WebSocket protocol that uvicorn is started with."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from realtime.socket import ABORT


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own, which also lets the application drop a peer that does not read."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # A refused handshake has no scope; one that is accepted has not run yet.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[ABORT] = self.transport.abort
