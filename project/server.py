"""The WebSocket protocol that uvicorn is started with."""

from __future__ import annotations

from asyncio import Task
from asyncio.transports import BaseTransport
from collections.abc import Callable, Sequence
from functools import lru_cache
from http import HTTPStatus
from struct import pack
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import State

from accounts.seats import Seat
from project.http import refusal
from project.impatience import Impatient
from realtime.conf import limits
from realtime.wire import ABORT, WIRE

_OPEN = State.OPEN
TOO_MANY_MESSAGES = 4429
NOT_FINISHED = 4408


class WebSocketProtocol(Impatient, WebSocketsSansIOProtocol):
    """
    uvicorn's own, which also lets the application write to the connection directly
    (see :class:`realtime.wire.Wire`), counts the frames that the application does not
    see (those of control, and the pieces of a message), and gives up a message whose pieces do
    not end. Who stops within a frame answers no ping, so uvicorn closes that.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._room_wanted: list[Callable[[], None]] = []
        self._unseen = Seat()
        self.has_room = True
        # So that the transport pauses us exactly when there is no room.
        self.transport.set_write_buffer_limits(high=limits().socket_buffer_bytes - 1)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # The handshake could not be read, and uvicorn would leave the connection open and
            # dead. websockets mostly knows the answer.
            answer = b"".join(self.conn.data_to_send())
            self.transport.write(answer or refusal(HTTPStatus.BAD_REQUEST))
            self.transport.close()
        if self.transport.is_closing():
            # A handshake that is refused has no task whose end would do it.
            self._cut_in_time()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # A refused handshake has no scope; one that is accepted has not run yet.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[WIRE] = self
            extensions[ABORT] = self.transport.abort

    def handle_text(self, event: Frame) -> None:
        self._expect_rest(event)
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        self._expect_rest(event)
        super().handle_bytes(event)

    def _expect_rest(self, event: Frame) -> None:
        if not event.fin:
            self._expect_in_time()

    def handle_ping(self) -> None:
        if self._may_go_on():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._may_go_on():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        # Pieces may be empty, so the size of a message does not bound their number.
        if self._may_go_on():
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        self._stop_expecting()
        self.frames = [b"".join(self.frames)]
        if self.curr_msg_data_type == "text" and not _is_utf8(self.frames[0]):
            # uvicorn would close too, and log a traceback for each.
            self._refuse(CloseCode.INVALID_DATA, "Not UTF-8")
        else:
            super().send_receive_event_to_app()

    def _give_up(self) -> None:
        self._refuse(NOT_FINISHED, "Message not finished in time")

    def _may_go_on(self) -> bool:
        if self.close_sent or self._unseen.may_speak():
            return not self.close_sent
        self._refuse(TOO_MANY_MESSAGES, "Too many messages")
        return False

    def _refuse(self, code: int, reason: str) -> None:
        if self.conn.state is State.OPEN:
            self.conn.send_close(code, reason)
            self.handle_parser_exception()
        else:
            # The handshake is not answered yet, or the peer has closed in the same breath.
            self.transport.close()

    @property
    def _is_open(self) -> bool:
        # A connection that was lost or cut is closing, whatever its protocol has been told.
        return self.conn.state is State.OPEN and not self.transport.is_closing()

    def write(self, messages: Sequence[bytes]) -> bool:
        # Like _is_open, and not a call the more: every delivery comes this way.
        if self.conn.state is not _OPEN or self.transport.is_closing():
            return True
        if len(messages) == 1:
            (message,) = messages
            self.transport.write(_text_header(len(message)) + message)
        else:
            framed = [part for each in messages for part in (_text_header(len(each)), each)]
            self.transport.write(b"".join(framed))
        return self.has_room

    def when_room(self, callback: Callable[[], None]) -> None:
        self._room_wanted.append(callback)
        if self.has_room:
            self.loop.call_soon(self._tell)

    async def flush(self) -> None:
        """All that was written is with the transport, in order."""

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # Who does not answer may not read either, and closing would wait for that without end.
        self._cut_in_time()

    def on_task_complete(self, task: Task[None]) -> None:
        super().on_task_complete(task)
        # What closes waits without end until all is read, and nobody counts it any more.
        if not self.disconnected:
            self._cut_in_time()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.has_room = False

    def resume_writing(self) -> None:
        super().resume_writing()
        self.has_room = True
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.has_room = True
        self._tell()

    def _tell(self) -> None:
        callbacks, self._room_wanted = self._room_wanted, []
        for callback in callbacks:
            callback()


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=1_000)
def _text_header(length: int) -> bytes:
    """The header of an unfragmented text frame (RFC 6455, 5.2)."""
    if length < 126:
        return pack("!BB", 0x81, length)
    if length < 65_536:
        return pack("!BBH", 0x81, 126, length)
    return pack("!BBQ", 0x81, 127, length)
