from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import pytest
from django.contrib.auth.models import User

from accounts.actions import open_session
from chat import changes
from chat.models import JoinRequest, Room
from schema import execution, ids, requests
from schema.conf import limits
from schema.requests import Request, RequestError
from schema.transports import SocketContext
from tests.chat.conftest import World, world
from tests.clients import DEADLINE, TLS, Person, sign_up
from tests.server import Server

__all__ = ["world"]

WITH_INVALID_INPUT = {"signUp", "createRoom", "renameRoom", "sendMessage"}

SETTINGS = "tests.schema.server_settings"


@dataclass(frozen=True)
class Inhabited:
    """Alice owns the room, Bob is a member of it, Carol asks to come in, Dave is a stranger."""

    OPEN: ClassVar = Room.Access.OPEN

    alice: User
    bob: User
    carol: User
    dave: User
    room: Room
    lobby: Room
    asked: JoinRequest

    @property
    def room_id(self) -> str:
        return ids.encode("Room", self.room.pk)

    @property
    def lobby_id(self) -> str:
        return ids.encode("Room", self.lobby.pk)

    @property
    def request_id(self) -> str:
        return ids.encode("JoinRequest", self.asked.pk)

    def said(self, text: str, **kwargs: Any) -> None:
        changes.send_message(self.room, sender=self.alice, text=text, **kwargs)


@pytest.fixture
def house(world: World) -> Inhabited:
    world.with_member(world.bob)
    return Inhabited(
        world.alice,
        world.bob,
        world.carol,
        world.dave,
        world.room,
        world.lobby,
        world.asked_by(world.carol),
    )


def context_of(user: User | None) -> SocketContext:
    key = open_session(user, "Tests").session_key if user is not None else None
    return SocketContext(key, "Tests")


def ask(
    query: str, *, by: User | None, operation_name: str | None = None, **variables: Any
) -> dict[str, Any]:
    """The response to one operation, run in this thread; a request that is wrong has no data."""
    try:
        operation = requests.prepare(Request(query, variables, operation_name))
    except RequestError as error:
        return {"errors": error.errors}
    return execution.formatted(execution.run(operation, context_of(by)))


def do(mutation: str, *, by: User | None, **input: Any) -> dict[str, Any]:  # noqa: A002  # the API's name
    """The outcome of one mutation: its typename and the fields of an error."""
    kind = mutation[0].upper() + mutation[1:]
    field = " ... on InvalidInput { field }" if mutation in WITH_INVALID_INPUT else ""
    query = (
        f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename"
        f" ... on Error {{ code message }}{field} }} }}"
    )
    answer = ask(query, by=by, input=input)
    assert "errors" not in answer, answer
    outcome: dict[str, Any] = answer["data"][mutation]
    return outcome


@pytest.fixture
def limited(settings: Any) -> Iterator[Any]:
    """Call it with limits to have them for the test."""

    def apply(**chosen: Any) -> None:
        settings.GRAPHQL = chosen
        limits.cache_clear()

    yield apply
    limits.cache_clear()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server, one for each process of tests."""
    server = Server(tmp_path_factory.mktemp("server"), DJANGO_SETTINGS_MODULE=SETTINGS)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def quiet(server: Server) -> Iterator[None]:
    """The server finds nothing in the test that it would have to log as an error."""
    before = len(server.log.read_text())
    yield
    said = server.log.read_text()[before:]
    assert "Traceback" not in said, said
    assert " ERROR " not in said, said


_names = itertools.count()


@pytest.fixture
async def alice(server: Server) -> Person:
    return await sign_up(server.http, server.ws, f"alice{next(_names)}")


@pytest.fixture
async def bob(server: Server) -> Person:
    return await sign_up(server.http, server.ws, f"bob{next(_names)}")


async def create_room(owner: Person, title: str = "Room", access: str = "OPEN") -> dict[str, Any]:
    outcome = await owner.do("createRoom", title=title, access=access)
    room: dict[str, Any] = outcome["room"]
    return room


async def post(
    server: Server, body: Any, headers: Mapping[str, str | bytes] | None = None
) -> httpx.Response:
    """The answer to one POST, whose body is JSON or given as ``content``."""
    sent = {"content": body} if isinstance(body, bytes) else {"json": body}
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        return await client.post(
            f"{server.http}/graphql",
            headers={"Content-Type": "application/json", **(headers or {})},
            **sent,
        )
