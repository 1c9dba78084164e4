"""
GraphQL over WebSocket: the server's side of graphql-transport-ws.

One task receives and never waits for the database, so pings are answered whatever
goes on; each query and mutation is a task of its own. A subscription is one while it
begins; then its events are written to the socket as they come (``schema.streams``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, assert_never

import django.db
from graphql import OperationType

from accounts import authentication, origin, watch
from accounts.authentication import Identity
from accounts.seats import Seat
from realtime.errors import UnknownEvent
from realtime.socket import Receive, Scope, Send, Socket
from realtime.wire import Disconnected
from schema import execution, messages, subscribing, threads
from schema.conf import limits
from schema.messages import (
    ClientMessage,
    Complete,
    ConnectionAck,
    ConnectionInit,
    Error,
    InvalidMessage,
    Next,
    Ping,
    Pong,
    ServerMessage,
    Subscribe,
)
from schema.requests import Operation, Request, RequestError
from schema.streams import Stream
from schema.subscribing import Subscription
from schema.transports import SocketContext, StreamContext

logger = logging.getLogger(__name__)

Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

SUBPROTOCOL = "graphql-transport-ws"

GOING_AWAY = 1012
TRY_AGAIN_LATER = 1013
INVALID_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
SUBPROTOCOL_NOT_ACCEPTABLE = 4406
INITIALISATION_TIMEOUT = 4408
SUBSCRIBER_EXISTS = 4409
TOO_MANY_INITIALISATIONS = 4429

_LAST_WORDS = 1.0
"""Seconds that running mutations get to answer when their session ends."""


async def graphql(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application at the GraphQL address."""
    socket = Socket(scope, receive, send)
    with suppress(Disconnected):
        if not origin.is_allowed(socket.headers):
            await socket.refuse()
        elif SUBPROTOCOL not in scope.get("subprotocols", ()):
            await socket.accept()
            await socket.close(SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
        else:
            await socket.accept(SUBPROTOCOL)
            await Connection(socket).serve()


class CloseWith(Exception):
    """The client did what the protocol answers by closing."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """One socket and the operations on it."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._seat = Seat()
        self._identity: Identity | None = None
        self._initialised = False
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._streams: dict[str, Stream] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._chores: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Serve until the socket is closed, by whichever side."""
        timeout = asyncio.get_running_loop().call_later(limits().init_timeout, self._give_up)
        try:
            if not self._seat.take_at(self._socket.host):
                raise CloseWith(TRY_AGAIN_LATER, "Too many sockets from this address")
            while True:
                await self._obey(messages.decode(await self._heard()))
        except InvalidMessage as error:
            await self._socket.close(INVALID_MESSAGE, str(error))
        except CloseWith as violation:
            await self._socket.close(violation.code, violation.reason)
        finally:
            timeout.cancel()
            await self._stop()

    async def _heard(self) -> str | bytes:
        frame = await self._socket.receive()
        if not self._seat.may_speak():
            raise CloseWith(TOO_MANY_INITIALISATIONS, "Too many messages")
        return frame

    async def _obey(self, message: ClientMessage) -> None:
        match message:
            case ConnectionInit():
                self._initialise(message)
            case Ping():
                await self._send(Pong(message.payload))
            case Pong():
                pass
            case Subscribe():
                self._begin(message)
            case Complete():
                self._cancel(message.id)
            case _:
                assert_never(message)

    def _initialise(self, message: ConnectionInit) -> None:
        if self._initialised:
            raise CloseWith(TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        self._initialised = True
        self._do(partial(self._acknowledge, message.payload or {}))

    async def _acknowledge(self, payload: dict[str, Any]) -> None:
        authorization = payload.get("Authorization", payload.get("authorization"))
        self._identity = await self._identify(authorization)
        if authorization is not None and self._identity is None:
            await self._socket.close(FORBIDDEN, "Forbidden")
            return
        if self._identity is not None:
            watch.current().add(self._identity, self._on_session_end)
            if not self._seat.take_of(self._identity.user.pk):
                await self._socket.close(TRY_AGAIN_LATER, "Too many sockets of this person")
                return
        self._acknowledged = True
        await self._send(ConnectionAck())

    async def _identify(self, authorization: object) -> Identity | None:
        if authorization is None:
            credentials = authentication.credentials_of(self._socket.headers)
        elif isinstance(authorization, str):
            credentials = authentication.credentials_of_authorization(authorization)
        else:
            return None
        return await watch.current().identify(credentials)

    def _begin(self, message: Subscribe) -> None:
        if not self._acknowledged:
            raise CloseWith(UNAUTHORIZED, "Unauthorized")
        if message.id in self._operations or message.id in self._streams:
            raise CloseWith(SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        if len(self._operations) + len(self._streams) >= limits().socket_operations:
            raise CloseWith(TOO_MANY_INITIALISATIONS, "Too many operations on one socket")
        request = message.payload.request()
        self._operations[message.id] = self._do(partial(self._operate, message.id, request))

    def _cancel(self, operation_id: str) -> None:
        if (task := self._operations.pop(operation_id, None)) is not None:
            task.cancel()
        if (stream := self._streams.pop(operation_id, None)) is not None:
            stream.close()

    async def _operate(self, operation_id: str, request: Request) -> None:
        """Run one operation and say how it went; an error of its own ends it alone."""
        try:
            context = StreamContext(self._identity)
            if (known := await subscribing.begin_again(request, context)) is not None:
                self._start(operation_id, known)
                return
            operation = await threads.prepared(request)
            if operation.kind is OperationType.SUBSCRIPTION:
                self._start(operation_id, await subscribing.begin(operation, context))
                return
            await self._answer(operation_id, operation)
        except RequestError as error:
            self._operations.pop(operation_id, None)
            await self._send(Error(operation_id, list(error.errors)))
        else:
            self._operations.pop(operation_id, None)
            await self._send(Complete(operation_id))

    async def _answer(self, operation_id: str, operation: Operation) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # every operation runs in one
        self._answering.add(task)
        try:
            session_key = self._identity.session_key if self._identity else None
            user_agent = self._socket.headers.get("user-agent", "")
            context = SocketContext(session_key, user_agent, self._socket.host)
            result = await threads.run(operation, partial(execution.run, operation, context))
            await self._send(Next(operation_id, execution.formatted(result)))
        finally:
            self._answering.discard(task)

    def _start(self, operation_id: str, subscription: Subscription) -> None:
        # From here on the stream has no task, and the operation is the stream.
        del self._operations[operation_id]
        stream = self._streams[operation_id] = Stream(
            self._socket,
            operation_id,
            subscription,
            on_end=self._forget_stream,
            on_failure=self._fail,
        )
        stream.start()

    def _forget_stream(self, operation_id: str) -> None:
        self._streams.pop(operation_id, None)

    def _fail(self, error: Exception) -> None:
        async def fail() -> None:
            raise error

        self._do(fail)

    def _do(self, work: Work) -> asyncio.Task[None]:
        """Run ``work`` beside the receiving; a failure is logged and closes the socket."""
        task = asyncio.create_task(self._guard(work))
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
        return task

    async def _guard(self, work: Work) -> None:
        try:
            await work()
        except Disconnected:
            pass
        except UnknownEvent as error:
            logger.warning("A stream ends here and can be resumed in a newer process: %s", error)
            await self._socket.close(GOING_AWAY, "Resume elsewhere")
        except django.db.Error as error:
            logger.warning("The database does not answer; a socket is closed: %s", error)
            await self._socket.close(TRY_AGAIN_LATER, "Try again later")
        except Exception:
            logger.exception("An operation failed; its socket is closed.")
            await self._socket.close(1011, "Internal error")

    async def _send(self, message: ServerMessage) -> None:
        await self._socket.send(messages.encode(message))

    def _give_up(self) -> None:
        if not self._initialised:
            reason = "Connection initialisation timeout"
            self._do(partial(self._socket.close, INITIALISATION_TIMEOUT, reason))

    def _on_session_end(self) -> None:
        self._do(self._end_session)

    async def _end_session(self) -> None:
        """Stop all streams at once, begin no more, let running mutations answer, and close."""
        self._acknowledged = False
        for task in set(self._operations.values()) - self._answering:
            task.cancel()
        self._close_streams()
        if self._answering:
            await asyncio.wait(self._answering, timeout=_LAST_WORDS)
        await self._socket.close(UNAUTHORIZED, "Signed out")

    def _close_streams(self) -> None:
        for stream in self._streams.values():
            stream.close()
        self._streams.clear()

    async def _stop(self) -> None:
        self._seat.leave()
        self._close_streams()
        if self._identity is not None:
            watch.current().remove(self._identity, self._on_session_end)
        for task in self._chores:
            task.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
