"""A database that is away, already when it is asked who is asking."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import AsyncClient

from accounts import watch
from accounts.authentication import Identity
from accounts.watch import Watch
from project.asgi import application
from realtime.hub import Hub
from schema import threads, transports
from schema.threads import Counter


def _fail(request: HttpRequest) -> Identity | None:
    raise OperationalError("away")


@pytest.mark.parametrize(
    "query", ["{ viewer { eventCursor } }", "mutation { signOut { __typename } }"]
)
async def test_a_database_that_is_away_is_an_error_with_a_code(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "identity_of_request", _fail)

    answer = await AsyncClient().post("/graphql", {"query": query}, content_type="application/json")

    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert [each["extensions"] for each in answer.json()["errors"]] == [{"code": "UNAVAILABLE"}]


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("{ viewer { eventCursor } }", "application/json"),
        ("{ viewer { eventCursor } }", "application/graphql-response+json"),
        ("mutation { signOut { __typename } }", "text/event-stream"),
        ("subscription { userEvents { __typename } }", "text/event-stream"),
        ("subscription { userEvents { __typename } }", "multipart/mixed;subscriptionSpec=1.0"),
    ],
)
async def test_a_request_that_finds_a_full_queue_is_told_when_to_try_again(
    query: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, door = Counter("tests", 1, 0), threading.Event()
    for counter in ("queries", "mutations"):
        monkeypatch.setattr(threads, counter, lambda: full)
    inside = asyncio.create_task(full.run(door.wait))
    await asyncio.sleep(0)

    answer = await AsyncClient().post(
        "/graphql", {"query": query}, content_type="application/json", headers={"accept": accept}
    )

    door.set()
    await inside
    assert answer.status_code == 503
    assert 2 <= int(answer["Retry-After"]) <= 8
    assert [each["extensions"] for each in answer.json()["errors"]] == [{"code": "UNAVAILABLE"}]
    await full.close()


class Wire:
    """A socket's ASGI callables, which hear what the client says and keep the close code."""

    def __init__(self, path: str, *said: str) -> None:
        self.scope: Any = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"cookie", b"sessionid=abcdefgh")],
            "subprotocols": ["graphql-transport-ws"],
        }
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._said = iter([{"type": "websocket.connect"}, *map(_frame, said)])

    async def receive(self) -> Any:
        for message in self._said:
            return message
        await self.closed
        return {"type": "websocket.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.closed.set_result(message["code"])


def _frame(text: str) -> dict[str, str]:
    return {"type": "websocket.receive", "text": text}


@pytest.mark.parametrize(
    ("path", "said"),
    [("/graphql", ['{"type": "connection_init"}']), ("/ws/room/1", [])],
    ids=["graphql", "plain"],
)
@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_comes_while_the_database_is_away_is_asked_to_come_again(
    path: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a code after which clients try again: 1011 is the end for graphql-ws."""

    def fail(*_: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(watch, "identities", fail)
    wire = Wire(path, *said)

    async with asyncio.timeout(10), Hub() as hub, Watch(hub):
        await application(wire.scope, wire.receive, wire.send)

    assert wire.closed.result() == 1013
