"""
Subscriptions over HTTP: one response that goes on for as long as there is something to tell.

Each is a task of its own, so it costs more than one over a WebSocket; a reader that does not
read costs its position and what the server buffers for it, and is cut by the server
(``project.http.HttpProtocol``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import finalize

import django.db
from asgiref.sync import SyncToAsync, sync_to_async
from django.http import StreamingHttpResponse

from accounts import watch
from accounts.authentication import Identity
from accounts.seats import Seat
from chat.gates import EndReason
from realtime.errors import UnknownEvent
from realtime.follower import Expired, Follower, Item, Revoked
from schema.conf import limits
from schema.framing import Framing
from schema.subscribing import Subscription

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
"""What is ready is written together, up to about so much."""


def response(
    subscription: Subscription,
    framing: Framing,
    identity: Identity | None,
    shutdown: set[Callable[[], None]],
    seat: Seat,
) -> StreamingHttpResponse:
    """
    The response that tells all that ``subscription`` delivers, and then ends.

    The subscription and its seat are given up with it, even if nobody ever reads it.
    """
    telling = _Telling(subscription, framing, seat, identity, shutdown)
    # A client may be gone before the middlewares are through: then nothing asks for a chunk. What
    # they lose in another way is given up when the collector finds it.
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # views run in one
    task.add_done_callback(partial(_give_up_if_cancelled, subscription.follower, seat))
    finalize(telling, _give_up, subscription.follower, seat).atexit = False
    headers = {
        "Cache-Control": "no-cache",
        # nginx would keep the events until it has a buffer full of them.
        "X-Accel-Buffering": "no",
    }
    return StreamingHttpResponse(telling, content_type=framing.content_type, headers=headers)


class _Telling:
    """One stream, while it is told."""

    def __init__(
        self,
        subscription: Subscription,
        framing: Framing,
        seat: Seat,
        identity: Identity | None,
        shutdown: set[Callable[[], None]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._identity = identity
        self._shutdown = shutdown
        self._seat = seat
        self._follower = subscription.follower
        self._rendering = subscription.rendering
        self._framing = framing
        self._farewell = framing.complete

    def close(self) -> None:
        """Give up, from any thread: the response is done with, read or not."""
        with suppress(RuntimeError):  # The loop is closed, and all of it gone.
            self._loop.call_soon_threadsafe(_give_up, self._follower, self._seat)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._hold(self._identity, self._shutdown)
        await _give_back_thread()
        yield self._framing.opening
        while chunk := await self._next_chunk():
            yield chunk
        yield self._farewell

    def _hold(self, identity: Identity | None, shutdown: set[Callable[[], None]]) -> None:
        """Hear what ends the stream; all is let go with the request, whatever ends that."""
        watching = watch.current()

        def let_go(_: object) -> None:
            _give_up(self._follower, self._seat)
            shutdown.discard(self._end_early)
            if identity is not None:
                watching.remove(identity, self._end_session)

        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # coroutines run in one
        task.add_done_callback(let_go)
        shutdown.add(self._end_early)
        if identity is not None:
            watching.add(identity, self._end_session)

    async def _next_chunk(self) -> bytes:
        """Return what there is to write, once there is something; nothing at the end."""
        try:
            return await self._frames()
        except UnknownEvent as error:
            logger.warning("A stream ends here and can be resumed in a newer process: %s", error)
            self._end_early()
        except django.db.Error as error:
            logger.warning("The database does not answer; a stream ends: %s", error)
            self._fail("The database does not answer. Try again.", "UNAVAILABLE")
        except Exception:
            logger.exception("A stream failed.")
            self._fail("Something went wrong here.", "INTERNAL_SERVER_ERROR")
        return b""

    async def _frames(self) -> bytes:
        try:
            async with asyncio.timeout(limits().stream_heartbeat):
                frames = bytearray(self._frame(await anext(self._follower)))
        except TimeoutError:
            return self._framing.heartbeat
        except StopAsyncIteration:
            return b""
        while len(frames) < _CHUNK_BYTES and (items := self._follower.take(1)):
            frames += self._frame(items[0])
        return bytes(frames)

    def _frame(self, item: Item) -> bytes:
        cursor = None if isinstance(item, Revoked | Expired) else item.cursor
        return self._framing.next(self._rendering.response(item), cursor)

    def _end_session(self) -> None:
        self._end(self._frame(Revoked(EndReason.SIGNED_OUT)) + self._framing.complete)

    def _end_early(self) -> None:
        self._fail("Resume elsewhere, or here in a while.", "GOING_AWAY")

    def _fail(self, message: str, code: str) -> None:
        self._end(self._framing.failure(message, code))

    def _end(self, farewell: bytes) -> None:
        self._farewell = farewell
        self._follower.close()


def _give_up(follower: Follower, seat: Seat) -> None:
    follower.close()
    seat.leave()


def _give_up_if_cancelled(follower: Follower, seat: Seat, task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        _give_up(follower, seat)


async def _give_back_thread() -> None:
    """
    Let go of the request's thread, and its connection: Django announces a request there, and
    middlewares store there what they have to.
    """
    # It would wait for the end of the response, and there may be thousands.
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor: Executor | None = None
    if context is not None and context in SyncToAsync.context_to_thread_executor:
        await sync_to_async(django.db.connections.close_all)()
        executor = SyncToAsync.context_to_thread_executor.pop(context, None)
    if executor is not None:
        executor.shutdown(wait=False)
