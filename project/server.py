"""The protocols that uvicorn is started with."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Protocol, Task, TimerHandle
from asyncio.transports import BaseTransport, Transport
from collections.abc import Callable, Sequence
from struct import pack
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import State

from accounts.seats import Seat
from realtime.conf import limits
from realtime.wire import ABORT, SHUTDOWN, WIRE

TOO_MANY_MESSAGES = 4429
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


class HeadTooLarge(Exception):
    """The request line and the headers are more than ``REQUEST_HEAD_BYTES``."""


class _Impatient(Protocol):
    """What both protocols do: cut a peer that does not read what is sent to it."""

    loop: AbstractEventLoop
    transport: Transport
    _cut: TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cut_in_time()

    def resume_writing(self) -> None:
        super().resume_writing()
        # Reading a little of what is left buys a closing peer no time for reading the rest.
        if self._is_open:
            self._stop_waiting()

    @property
    def _is_open(self) -> bool:
        return not self.transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()

    def _cut_in_time(self) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(limits().send_deadline, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


class HttpProtocol(_Impatient, HttpToolsProtocol):
    """
    uvicorn's own, which also tells streams that the server stops, so that none holds that up,
    and refuses a head that is too large: uvicorn would keep one of any size.
    """

    _lines = 0
    """Bytes of a head or of trailers, as far as they are known to have come."""
    _moved_on = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._on_shutdown: set[Callable[[], None]] = set()

    def data_received(self, data: bytes) -> None:
        self._moved_on = False
        super().data_received(data)
        # Of a header the parser tells once it is whole, and one may be endless.
        self._lines = 0 if self._moved_on else self._lines + len(data)
        if self._lines > settings.REQUEST_HEAD_BYTES:
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._moved_on = True
        extensions: dict[str, Any] = {SHUTDOWN: self._on_shutdown}
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        self._moved_on = True
        self._lines = len(self.url) + sum(
            len(name) + len(value) + 4 for name, value in self.headers
        )
        if self._lines > settings.REQUEST_HEAD_BYTES:
            # It stops the parser, and uvicorn answers with 400.
            raise HeadTooLarge
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._moved_on = True
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        if self._lines > settings.REQUEST_HEAD_BYTES:
            self.transport.write(_HEAD_TOO_LARGE)
            self.transport.close()
        else:
            super().send_400_response(msg)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # What closes waits without end until all is read.
        if not self._is_open:
            self._cut_in_time()

    def shutdown(self) -> None:
        super().shutdown()
        for callback in tuple(self._on_shutdown):
            callback()


class WebSocketProtocol(_Impatient, WebSocketsSansIOProtocol):
    """
    uvicorn's own, which also lets the application write to the connection directly
    (see :class:`realtime.wire.Wire`), and counts the frames that the application does not
    see: those of control, and the pieces of a message.
    """

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._room_wanted: list[Callable[[], None]] = []
        self._unseen = Seat()
        self._buffer_bytes = limits().socket_buffer_bytes
        # So that the transport pauses us exactly when there is no room.
        self.transport.set_write_buffer_limits(high=self._buffer_bytes - 1)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # The handshake could not be read. websockets knows the answer, and uvicorn would
            # leave the connection open and dead.
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        # A refused handshake has no scope; one that is accepted has not run yet.
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[WIRE] = self
            extensions[ABORT] = self.transport.abort

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
        self.frames = [b"".join(self.frames)]
        if self.curr_msg_data_type == "text" and not _is_utf8(self.frames[0]):
            # uvicorn would close too, and log a traceback for each.
            self._refuse(CloseCode.INVALID_DATA, "Not UTF-8")
        else:
            super().send_receive_event_to_app()

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
    def has_room(self) -> bool:
        return not self._is_open or self.transport.get_write_buffer_size() < self._buffer_bytes

    @property
    def _is_open(self) -> bool:
        # A connection that was lost or cut is closing, whatever its protocol has been told.
        return self.conn.state is State.OPEN and not self.transport.is_closing()

    def write(self, messages: Sequence[bytes]) -> bool:
        if not self._is_open:
            return True
        if len(messages) == 1:
            (message,) = messages
            self.transport.write(_text_header(len(message)) + message)
        else:
            framed = [part for each in messages for part in (_text_header(len(each)), each)]
            self.transport.write(b"".join(framed))
        return self.transport.get_write_buffer_size() < self._buffer_bytes

    def when_room(self, callback: Callable[[], None]) -> None:
        self._room_wanted.append(callback)
        if self._cut is None:
            # Nobody has paused us: there is room, or will be once the loop has written.
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

    def resume_writing(self) -> None:
        super().resume_writing()
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
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


def _text_header(length: int) -> bytes:
    """The header of an unfragmented text frame (RFC 6455, 5.2)."""
    if length < 126:
        return pack("!BB", 0x81, length)
    if length < 65_536:
        return pack("!BBH", 0x81, 126, length)
    return pack("!BBQ", 0x81, 127, length)
