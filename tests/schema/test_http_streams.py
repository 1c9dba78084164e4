"""Streams over HTTP as the server sees them: what they hold, when they let go, how they end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import django.db
import pytest
import uvicorn
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from accounts import seats, watch
from accounts.actions import end_session, open_session
from accounts.models import Session
from accounts.tokens import session_key_of, token_for
from chat import following
from project.asgi import application
from project.http import HttpProtocol
from realtime import hub
from realtime.conf import limits as realtime_limits
from realtime.errors import UnknownEvent
from realtime.follower import Follower
from realtime.threads import DatabaseThreads
from schema import http_streams, threads
from schema.subscribing import Rendering
from tests.clients import DEADLINE
from tests.end_to_end.http_streams import Frame, HttpStream, HttpWire, opened
from tests.schema.conftest import Inhabited

WIRES: list[HttpWire] = ["sse", "multipart"]
over_both_wires = pytest.mark.parametrize("wire", WIRES)

ROOM = (
    "subscription ($id: ID!, $after: Cursor) { roomEvents(roomId: $id, after: $after) {"
    " __typename ... on Event { cursor } ... on MessageSent { message { text } }"
    " ... on AccessRevoked { reason } } }"
)


class Here:
    """A server in this process, so that what it holds can be looked at."""

    def __init__(self, server: uvicorn.Server, port: int, people: DatabaseThreads) -> None:
        self.server = server
        self.do = people.run
        self.address = f"http://127.0.0.1:{port}/graphql"

    @asynccontextmanager
    async def follow(
        self, house: Inhabited, wire: HttpWire, by: User | None = None, **headers: str
    ) -> AsyncIterator[HttpStream]:
        """A stream of the house's room, whose first frame is taken when it is live."""
        token = await self.token(by or house.bob)
        given = {"Authorization": f"Bearer {token}", **headers}
        async with self.raw(house, wire, given) as stream:
            assert stream.status == 200
            assert await _told(stream) == "CaughtUp"
            yield stream

    async def token(self, user: User) -> str:
        session = await self.do(partial(open_session, user, "Tests"))
        return token_for(str(session.session_key))

    async def say(self, house: Inhabited, text: str = "Hello") -> None:
        await self.do(partial(house.said, text))

    @asynccontextmanager
    async def raw(
        self,
        house: Inhabited,
        wire: HttpWire,
        headers: dict[str, str],
        over: socket.socket | None = None,
        query: str = ROOM,
    ) -> AsyncIterator[HttpStream]:
        parameters = {"query": query, "variables": {"id": house.room_id}}
        async with opened(self.address, wire, parameters, headers, over) as stream:
            yield stream


@pytest.fixture
async def here(transactional_db: None) -> AsyncIterator[Here]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=HttpProtocol, lifespan="on", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listening]))
    await _until(lambda: server.started)
    people = DatabaseThreads("people", 2)
    yield Here(server, listening.getsockname()[1], people)
    await people.close()
    server.should_exit = True
    async with asyncio.timeout(DEADLINE):
        await serving
    # Their connections are to this test's database.
    for counter in (threads.queries, threads.mutations):
        await counter().close()
        counter.cache_clear()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():  # noqa: ASYNC110  # what is looked at tells nobody
            await asyncio.sleep(0.01)  # between two looks, not for effect


async def _frame(stream: HttpStream) -> Frame:
    async with asyncio.timeout(DEADLINE):
        return await stream.frame()


async def _next(stream: HttpStream) -> Frame:
    frame = await _frame(stream)
    while frame.kind == "heartbeat":
        frame = await _frame(stream)
    return frame


async def _told(stream: HttpStream) -> str:
    frame = await _next(stream)
    assert frame.data is not None
    return str(frame.data["data"]["roomEvents"]["__typename"])


def _holds() -> tuple[int, int, int]:
    """How many followers, sessions and seats the process holds; a person's stream has two seats."""
    return len(hub.current()._followers), len(watch.current()._held), seats._taken.total()


NOTHING = (0, 0, 0)


@over_both_wires
async def test_nothing_on_the_way_keeps_a_stream_back(
    here: Here, house: Inhabited, wire: HttpWire
) -> None:
    async with here.follow(house, wire) as stream:
        await here.say(house)
        assert await _told(stream) == "MessageSent"

    assert stream.headers["cache-control"] == "no-cache"
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.headers
    assert (
        stream.headers["content-type"]
        == {
            "sse": "text/event-stream; charset=utf-8",
            "multipart": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0",
        }[wire]
    )


@over_both_wires
async def test_a_client_that_is_gone_leaves_nothing_behind(
    here: Here, house: Inhabited, wire: HttpWire
) -> None:
    async with here.follow(house, wire), here.follow(house, wire):
        assert _holds() == (2, 2, 4)

    await _until(lambda: _holds() == NOTHING)


@over_both_wires
async def test_a_client_that_is_gone_before_its_stream_begins_leaves_nothing_behind(
    here: Here, house: Inhabited, wire: HttpWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow_room = following.follow_room
    begun, door = asyncio.Event(), asyncio.Event()

    async def hesitate(*args: Any, **kwargs: Any) -> Follower:
        begun.set()
        await door.wait()
        return await follow_room(*args, **kwargs)

    monkeypatch.setattr(following, "follow_room", hesitate)
    headers = {"Authorization": f"Bearer {await here.token(house.bob)}"}
    asking = asyncio.create_task(_ask_in_vain(here, house, wire, headers))
    async with asyncio.timeout(DEADLINE):
        await begun.wait()
    assert _holds() == (0, 0, 2)

    asking.cancel()

    await _until(lambda: _holds() == NOTHING)


async def _ask_in_vain(
    here: Here, house: Inhabited, wire: HttpWire, headers: dict[str, str]
) -> None:
    async with here.raw(house, wire, headers):
        raise AssertionError("It has begun.")


_lying_about: list[object] = []
"""What is left of requests, as tracebacks leave it until the collector comes."""


async def _never_send(_handler: ASGIHandler, response: object, _send: object) -> None:
    _lying_about.append(response)
    await asyncio.Event().wait()


async def _never_return(handler: ASGIHandler, request: HttpRequest) -> None:
    _lying_about.append(await handler.get_response_async(request))
    await asyncio.Event().wait()


@over_both_wires
@pytest.mark.parametrize(
    "way",
    [{"send_response": _never_send}, {"run_get_response": _never_return}],
    ids=["while it is sent", "before"],
)
async def test_a_response_that_nobody_ever_reads_leaves_nothing_behind(
    here: Here,
    house: Inhabited,
    wire: HttpWire,
    way: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The middlewares have the last word before the first chunk, and take their time."""
    begun = asyncio.Event()
    response = http_streams.response

    def note(*args: Any) -> StreamingHttpResponse:
        begun.set()
        return response(*args)

    monkeypatch.setattr(http_streams, "response", note)
    headers = {"Authorization": f"Bearer {await here.token(house.bob)}"}
    for name, hesitate in way.items():
        monkeypatch.setattr(ASGIHandler, name, hesitate)
    asking = asyncio.create_task(_ask_in_vain(here, house, wire, headers))
    async with asyncio.timeout(DEADLINE):
        await begun.wait()
    assert _holds() == (1, 0, 2)

    asking.cancel()

    await _until(lambda: _holds() == NOTHING)
    _lying_about.clear()


@over_both_wires
async def test_a_stream_holds_no_thread(here: Here, house: Inhabited, wire: HttpWire) -> None:
    """Each request has one of its own, from the moment when Django announces it."""
    before = _threads_of_requests()
    async with here.follow(house, wire), here.follow(house, wire), here.follow(house, wire):
        await _until(lambda: _threads_of_requests() <= before)


def _threads_of_requests() -> set[str]:
    """Those that nobody has named; ours have names."""
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith("ThreadPoolExecutor-")}


@over_both_wires
async def test_a_silent_stream_has_a_heartbeat(
    here: Here, house: Inhabited, wire: HttpWire, limited: Any
) -> None:
    limited(stream_heartbeat=0.05)
    async with here.follow(house, wire) as stream:
        beats = [await _frame(stream) for _ in range(3)]
        await here.say(house)

        assert [beat.kind for beat in beats] == ["heartbeat"] * 3
        assert await _told(stream) == "MessageSent"


@over_both_wires
async def test_a_reader_that_does_not_read_is_cut(
    here: Here,
    house: Inhabited,
    wire: HttpWire,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G7: after send_deadline; until then it costs a position and what is buffered."""
    stuck: list[float] = []
    pause = HttpProtocol.pause_writing

    def note(protocol: HttpProtocol) -> None:
        stuck.append(time.monotonic())
        pause(protocol)

    monkeypatch.setattr(HttpProtocol, "pause_writing", note)
    settings.REALTIME = {"send_deadline": 0.3}
    realtime_limits.cache_clear()
    copies = " ".join(f"copy{number}: text" for number in range(50))
    query = ROOM.replace("{ text }", f"{{ {copies} }}")
    headers = {"Authorization": f"Bearer {await here.token(house.bob)}"}
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", int(here.address.rsplit(":")[-1].split("/")[0])))
        async with here.raw(house, wire, headers, line, query) as stream:
            assert await _told(stream) == "CaughtUp"
            stream.connection.transport.pause_reading()  # type: ignore[attr-defined]  # it reads
            assert _holds() == (1, 1, 2)
            for number in range(40):
                await here.say(house, f"{number} " + "🦉" * 1_990)

            await _until(lambda: _holds() == NOTHING)
            assert time.monotonic() - stuck[-1] >= 0.3
    realtime_limits.cache_clear()


def _change_password(user: User, _: str) -> None:
    user.set_password("another one for anteroom")
    user.save()


def _deactivate(user: User, _: str) -> None:
    user.is_active = False
    user.save()


def _expire(_: User, session_key: str) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.filter(session_key=session_key).update(expire_date=past)


ENDINGS: dict[str, Callable[[User, str], None]] = {
    "sign-out": lambda _, session_key: end_session(session_key),
    "password": _change_password,
    "deactivation": _deactivate,
    "expiry": _expire,
}


@over_both_wires
@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
async def test_the_end_of_the_session_ends_the_stream_and_says_so(
    here: Here, house: Inhabited, wire: HttpWire, ending: Callable[[User, str], None]
) -> None:
    """G10: within 5 s."""
    token = await here.token(house.bob)
    headers = {"Authorization": f"Bearer {token}"}
    async with here.raw(house, wire, headers) as stream:
        assert await _told(stream) == "CaughtUp"

        await here.do(partial(ending, house.bob, session_key_of(token) or ""))
        async with asyncio.timeout(5):
            last = await _next(stream)

        assert last.data is not None
        assert last.data["data"]["roomEvents"] == {
            "__typename": "AccessRevoked",
            "reason": "SIGNED_OUT",
        }
        assert await _end(stream) == "complete"
    await _until(lambda: _holds() == NOTHING)


async def _end(stream: HttpStream) -> str:
    """How the response ends: with a last frame, or without being complete."""
    try:
        return (await _next(stream)).kind
    except EOFError as end:
        return "complete" if end.args[0] == b"--\r\n" else "open"


@over_both_wires
async def test_a_server_that_stops_ends_its_streams_at_once_and_they_are_not_complete(
    here: Here, house: Inhabited, wire: HttpWire
) -> None:
    """So that clients come back, and the server need not wait for them."""
    async with here.follow(house, wire) as stream:
        here.server.should_exit = True

        assert await _end(stream) == {"sse": "open", "multipart": "failure"}[wire]


UNFORESEEN: list[tuple[Exception, str]] = [
    (UnknownEvent("Unheard", 9), "GOING_AWAY"),
    (django.db.OperationalError("away"), "UNAVAILABLE"),
    (RuntimeError("secret"), "INTERNAL_SERVER_ERROR"),
]


@over_both_wires
@pytest.mark.parametrize(("error", "code"), UNFORESEEN, ids=[code for _, code in UNFORESEEN])
async def test_a_stream_that_cannot_go_on_is_not_complete(
    here: Here,
    house: Inhabited,
    wire: HttpWire,
    error: Exception,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> bytes:
        raise error

    async with here.follow(house, wire) as stream:
        monkeypatch.setattr(Rendering, "response", fail)
        await here.say(house)

        if wire == "sse":
            assert await _end(stream) == "open"
            await _until(lambda: _holds() == NOTHING)
            return
        last = await _next(stream)
        assert last.data is not None
        assert last.data["errors"][0]["extensions"] == {"code": code}
        assert "secret" not in str(last.data)
        assert await _end(stream) == "complete"
    await _until(lambda: _holds() == NOTHING)


async def test_a_refusal_comes_in_the_form_that_the_client_reads(
    here: Here, house: Inhabited
) -> None:
    async with here.raw(house, "sse", {}) as stream:
        assert stream.status == 200
        refusal = await _next(stream)
        assert await _end(stream) == "complete"
    async with here.raw(house, "multipart", {}) as answer:
        assert answer.status == 400
        body = await answer.body()

    assert refusal.data == body
    assert body["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert _holds() == NOTHING


@over_both_wires
async def test_a_database_that_is_away_is_no_complete_stream(
    here: Here, house: Inhabited, wire: HttpWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise django.db.OperationalError("away")

    monkeypatch.setattr(following, "follow_room", fail)
    headers = {"Authorization": f"Bearer {await here.token(house.bob)}"}
    async with here.raw(house, wire, headers) as answer:
        assert answer.status == 503
        assert 2 <= int(answer.headers["retry-after"]) <= 8
        assert (await answer.body())["errors"][0]["extensions"] == {"code": "UNAVAILABLE"}
    assert _holds() == NOTHING
