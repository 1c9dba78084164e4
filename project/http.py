"""The HTTP protocol that uvicorn is started with."""

from __future__ import annotations

from asyncio.transports import Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from project.impatience import Impatient
from realtime.wire import SHUTDOWN


class HeadTooLarge(Exception):
    """The request line and the headers are more than ``REQUEST_HEAD_BYTES``."""


class HttpProtocol(Impatient, HttpToolsProtocol):
    """
    uvicorn's own, which also tells streams that the server stops, so that none holds that up;
    refuses a head that is too large, where uvicorn would keep one of any size; leaves out cookies
    that take long to read; and gives up a request that does not end, where uvicorn would wait for
    the rest without end.
    """

    _lines = 0
    """Bytes of a head or of trailers, as far as they are known to have come."""
    _moved_on = False
    _is_begun = False
    """Whether there is a request of which not all has come."""
    _is_upgraded = False
    _answered: RequestResponseCycle | None = None
    """Of the request that was answered last, or is being answered."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn
        super().connection_made(transport)
        self._on_shutdown: set[Callable[[], None]] = set()
        self._watch()

    def data_received(self, data: bytes) -> None:
        self._moved_on = False
        super().data_received(data)
        # Of a header the parser tells once it is whole, and one may be endless.
        self._lines = 0 if self._moved_on else self._lines + len(data)
        if self._lines > settings.REQUEST_HEAD_BYTES:
            self.send_400_response("")
        self._watch()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._moved_on = self._is_begun = True
        # How long the connection was silent before does not count.
        self._stop_expecting()
        extensions: dict[str, Any] = {SHUTDOWN: self._on_shutdown}
        self.scope["extensions"] = extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        if b"\\" in value and name.lower() == b"cookie":
            value = _without_escapes(value)
        super().on_header(name, value)

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

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_begun = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn tells only the request that came last, though one before it is being answered.
        if (cycle := self._answered) is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        if self._is_answering or self.transport.get_write_buffer_size():
            # An answer would be written into the WebSocket, and never hear of its end. One that is
            # not read keeps the room there, and the WebSocket would not hear of that.
            self.send_400_response("")
            return
        super().handle_websocket_upgrade()
        self._is_upgraded = True
        self._stop_expecting()

    def send_400_response(self, msg: str) -> None:
        if self._lines > settings.REQUEST_HEAD_BYTES:
            self.transport.write(refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
            self.transport.close()
        else:
            super().send_400_response(msg)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_begun:
            # The next request: it is not what uvicorn waits for between two.
            self._unset_keepalive_if_required()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch()

    def _watch(self) -> None:
        """
        See that something ends each wait: the cut, once the connection closes; the answer, while
        there is one to give; uvicorn between two requests; or else our deadline.
        """
        if self._is_upgraded:
            return
        if not self._is_open:
            # What closes waits without end until all is read.
            self._cut_in_time()
        elif self._is_answering or self.timeout_keep_alive_task is not None:
            self._stop_expecting()
        else:
            self._expect_in_time()

    @property
    def _is_answering(self) -> bool:
        """Whether a request that has come as a whole is being answered."""
        cycle = self._cycle
        waits = cycle is None or cycle.more_body or cycle.response_complete
        return bool(self.pipeline) or not waits

    @property
    def _cycle(self) -> RequestResponseCycle | None:
        """Of the request whose head came last; uvicorn does not say that there may be none."""
        return self.cycle

    def _give_up(self) -> None:
        if self._is_begun and not self._has_answer:
            self.transport.write(refusal(HTTPStatus.REQUEST_TIMEOUT))
        self.transport.close()
        self._watch()

    @property
    def _has_answer(self) -> bool:
        """Whether an answer to the request that has begun last has begun too."""
        cycle = self._cycle
        return cycle is not None and cycle.scope is self.scope and cycle.response_started

    def shutdown(self) -> None:
        super().shutdown()
        for callback in tuple(self._on_shutdown):
            callback()


def _without_escapes(cookies: bytes) -> bytes:
    # No browser may send a backslash (RFC 6265, 4.1.1), and none is in a cookie of ours. 60 KB of
    # them take Python before 3.11.10 and 3.12.6 six seconds to read (CVE-2024-7592).
    return b";".join(each for each in cookies.split(b";") if b"\\" not in each)


def refusal(status: HTTPStatus) -> bytes:
    """The answer of a connection that then closes."""
    head = f"HTTP/1.1 {status} {status.phrase}"
    return f"{head}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".encode()
