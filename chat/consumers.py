"""The plain WebSocket topics: a room's or a person's events, for clients without GraphQL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qs

from django.db import Error as DatabaseError

from accounts import authentication, origin, watch
from accounts.authentication import Identity
from accounts.seats import Seat
from chat import following
from chat.errors import Forbidden, NotFound, Unauthenticated
from chat.events import RoomDeleted
from chat.frames import frame_of
from chat.gates import EndReason, room_exists
from realtime import hub
from realtime.delivery import Delivery
from realtime.errors import InvalidCursor, UnknownEvent
from realtime.event import Event
from realtime.flow import Flow
from realtime.follower import Expired, Follower, Item, Revoked
from realtime.socket import Receive, Scope, Send, Socket
from realtime.wire import Disconnected

logger = logging.getLogger(__name__)

RESUME_ELSEWHERE = 1012
TRY_AGAIN_LATER = 1013
TOO_MANY_MESSAGES = 4429
BAD_CURSOR = 4400
SIGNED_OUT = 4401
FORBIDDEN = 4403
NOT_FOUND = 4404

_CODES: dict[type[Exception], int] = {
    Unauthenticated: SIGNED_OUT,
    NotFound: NOT_FOUND,
    Forbidden: FORBIDDEN,
    InvalidCursor: BAD_CURSOR,
}
REFUSALS = tuple(_CODES)

Follow: TypeAlias = Callable[[Identity, str | None], Awaitable[Follower]]


async def room_topic(scope: Scope, receive: Receive, send: Send, room_id: str) -> None:
    """``/ws/room/<database id>?after=<cursor>``, for members."""
    await _serve(Socket(scope, receive, send), partial(_follow_room, _number(room_id)))


async def person_topic(scope: Scope, receive: Receive, send: Send, user_id: str) -> None:
    """``/ws/user/<database id>?after=<cursor>``, for that person."""
    await _serve(Socket(scope, receive, send), partial(_follow_person, _number(user_id)))


async def _follow_room(room_id: int | None, identity: Identity, after: str | None) -> Follower:
    try:
        return await following.follow_room(identity.user.pk, room_id, after=after)
    except NotFound:
        if await hub.current().run(partial(room_exists, room_id)):
            raise Forbidden("Only members may follow a room.") from None
        raise


async def _follow_person(user_id: int | None, identity: Identity, after: str | None) -> Follower:
    if user_id != identity.user.pk:
        raise Forbidden("This is somebody else's topic.")
    return await following.follow_person(identity.user.pk, after=after)


async def _serve(socket: Socket, follow: Follow) -> None:
    with suppress(Disconnected):
        if not origin.is_allowed(socket.headers):
            await socket.refuse()
            return
        await socket.accept()
        await _Topic(socket, follow).serve()


class _Topic:
    """One socket on which one stream is told; what comes from the client is ignored."""

    def __init__(self, socket: Socket, follow: Follow) -> None:
        self._socket = socket
        self._follow = follow
        self._seat = Seat()
        self._tasks: list[asyncio.Task[None]] = []

    async def serve(self) -> None:
        self._tasks.append(asyncio.create_task(self._tell()))
        try:
            while True:
                await self._socket.receive()
                if not self._seat.may_speak():
                    await self._socket.close(TOO_MANY_MESSAGES, "Too many messages")
        finally:
            self._seat.leave()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell(self) -> None:
        """Tell all there is to tell, and close with the reason when that ends."""
        try:
            await self._socket.close(*await self._outcome())
        except Disconnected:
            pass
        except Exception:
            logger.exception("A topic failed; its socket is closed.")
            await self._socket.close(1011, "Internal error")

    async def _outcome(self) -> tuple[int, str]:
        try:
            return await self._tell_somebody()
        except REFUSALS as error:
            return _CODES[type(error)], str(error)
        except UnknownEvent as error:
            logger.warning("A stream ends here and can be resumed in a newer process: %s", error)
            return RESUME_ELSEWHERE, "Resume elsewhere"
        except DatabaseError as error:
            logger.warning("The database does not answer; a socket is closed: %s", error)
            return TRY_AGAIN_LATER, "Try again later"

    async def _tell_somebody(self) -> tuple[int, str]:
        if not self._seat.take_at(self._socket.host):
            return TRY_AGAIN_LATER, "Too many sockets from this address"
        credentials = authentication.credentials_of(self._socket.headers)
        identity = await watch.current().identify(credentials)
        if identity is None:
            raise Unauthenticated
        if not self._seat.take_of(identity.user.pk):
            return TRY_AGAIN_LATER, "Too many sockets of this person"
        watch.current().add(identity, self._on_session_end)
        try:
            async with await self._follow(identity, self._after()) as follower:
                return _farewell(await _Telling(self._socket).all_of(follower))
        finally:
            watch.current().remove(identity, self._on_session_end)

    def _after(self) -> str | None:
        query_string = self._socket.scope["query_string"].decode(errors="replace")
        query = parse_qs(query_string, keep_blank_values=True)
        return query["after"][-1] if "after" in query else None

    def _on_session_end(self) -> None:
        self._tasks[0].cancel()
        self._tasks.append(asyncio.create_task(self._socket.close(SIGNED_OUT, "Signed out")))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class _Telling:
    """Writes a follower's items to the socket as they come."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._last: Item | None = None
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def all_of(self, follower: Follower) -> Item | None:
        """Return the last item once it is told."""
        flow = Flow(follower, self, self._socket)
        try:
            flow.start()
            await self._done
        finally:
            flow.close()
        return self._last

    def take(self, items: Sequence[Item]) -> bool:
        self._last = items[-1]
        return self._socket.write([frame_of(item) for item in items])

    def end(self) -> None:
        # Nobody waits any more where the socket has just been closed.
        if not self._done.done():
            self._done.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)


def _farewell(item: Item | None) -> tuple[int, str]:
    """The close code and reason after the last item of a stream."""
    match item:
        case Delivery(Event(kind=RoomDeleted.kind)) | Revoked(EndReason.ROOM_DELETED):
            return NOT_FOUND, "The room was deleted"
        case Revoked(EndReason.SIGNED_OUT):
            return SIGNED_OUT, "Signed out"
        case Revoked():
            return FORBIDDEN, "Not a member any more"
        case Expired():
            return BAD_CURSOR, "The cursor has expired"
        case _:
            return RESUME_ELSEWHERE, "The server stops"
