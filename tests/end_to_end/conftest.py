from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from django.db import connections
from django.test import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chat import gates
from chat.gates import EndReason, RoomReader
from realtime.conf import limits
from realtime.threads import DatabaseThreads
from schema import ids, views
from schema.types import Cursor
from tests.clients import DEADLINE, Person, sign_up
from tests.end_to_end.admin_site import BOSS_PASSWORD
from tests.schema.conftest import SETTINGS
from tests.server import Server

Pair = tuple[int, int]

_TOLERATED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]

hypothesis_settings.register_profile(
    "ci",
    max_examples=40,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=_TOLERATED,
)
hypothesis_settings.register_profile(
    "long",
    max_examples=2_000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=_TOLERATED,
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
"""``HYPOTHESIS_PROFILE=long pytest tests/end_to_end/test_property.py`` looks for an hour."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "limits(**limits): run the test under these limits")


@pytest.fixture
async def threads(transactional_db: None) -> AsyncIterator[DatabaseThreads]:
    """Threads in which people act and query, apart from those of the hub."""
    threads = DatabaseThreads("people", 4)
    yield threads
    await threads.close()


class Ambush:
    """
    Lets something happen just when somebody's rights have been read.

    ``after_claim`` is done between learning what someone may follow and attaching
    to it, ``after_rights`` while the snapshot is open in which their rights to the
    next page were read, and ``after_cursor`` while a query has read the cursor and
    not yet all that it stands for. Each is done once, in a thread of its own, to its end.

    The hub reads rights again now and then. It may spring what was laid for somebody
    else, who does not wait for it then; :meth:`clear` does.
    """

    def __init__(self) -> None:
        self.after_claim: Callable[[], object] | None = None
        self.after_rights: Callable[[], object] | None = None
        self.after_cursor: Callable[[], object] | None = None
        self._failure: BaseException | None = None
        self._begun: list[threading.Thread] = []
        self._beginning = threading.Lock()

    def clear(self) -> None:
        """
        Lay nothing any more; wait for what was sprung, and raise what went wrong with it.

        After this nothing happens any more. Call it in a worker thread.
        """
        with self._beginning:
            self.after_claim = self.after_rights = self.after_cursor = None
            begun, self._begun = self._begun, []
        for thread in begun:
            _finish(thread)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def spring(self, name: str) -> None:
        with self._beginning:
            deed = getattr(self, name)
            setattr(self, name, None)
            if deed is None:
                return
            thread = threading.Thread(target=self._do, args=[deed])
            thread.start()
            self._begun.append(thread)
        _finish(thread)

    def _do(self, deed: Callable[[], object]) -> None:
        try:
            deed()
        except BaseException as failure:  # noqa: BLE001  # raised again where it is looked for
            self._failure = failure
        finally:
            connections.close_all()


def _finish(thread: threading.Thread) -> None:
    thread.join(DEADLINE)
    assert not thread.is_alive()


@pytest.fixture
def ambush(monkeypatch: pytest.MonkeyPatch) -> Ambush:
    made = Ambush()
    authorise = gates._RoomGate.authorise
    room_readers = gates.room_readers
    cursor_now = views._cursor_now

    def authorise_and_spring(
        gate: Any, claims: Collection[RoomReader]
    ) -> Mapping[RoomReader, EndReason]:
        refusals = authorise(gate, claims)
        made.spring("after_rights")
        return refusals

    def claim_and_spring(pairs: Collection[Pair]) -> Mapping[Pair, RoomReader]:
        claims = room_readers(pairs)
        made.spring("after_claim")
        return claims

    def cursor_and_spring(topics: Sequence[str]) -> Cursor:
        cursor = cursor_now(topics)
        made.spring("after_cursor")
        return cursor

    monkeypatch.setattr(views, "_cursor_now", cursor_and_spring)
    monkeypatch.setattr(gates._RoomGate, "authorise", authorise_and_spring)
    monkeypatch.setattr(gates, "room_readers", claim_and_spring)
    return made


class Town:
    """A server and people on it, who are signed up once and share it with all tests."""

    def __init__(self, server: Server) -> None:
        self.server = server
        names = ("alice", "bob", "carol", "dave")
        self.alice, self.bob, self.carol, self.dave = asyncio.run(self._people(names))

    async def _people(self, names: Sequence[str]) -> list[Person]:
        http, ws = self.server.http, self.server.ws
        return await asyncio.gather(*(sign_up(http, ws, name) for name in names))

    async def room(self, *members: Person, title: str = "Room") -> Room:
        """A new room of Alice's with these members beside her."""
        outcome = await self.alice.do("createRoom", title=title, access="BY_REQUEST")
        room = Room(outcome["room"]["databaseId"], outcome["room"]["joinCode"])
        for person in members:
            await self.admit(room, person)
        return room

    async def admit(self, room: Room, person: Person) -> None:
        asked = await person.do("requestToJoin", joinCode=room.join_code)
        assert asked["__typename"] == "RequestToJoinSuccess", asked
        outcome = await self.alice.do("admitJoinRequest", joinRequestId=asked["joinRequest"]["id"])
        assert outcome["__typename"] == "AdmitJoinRequestSuccess", outcome

    async def remove(self, room: Room, person: Person) -> None:
        user_id = ids.encode("User", person.database_id)
        outcome = await self.alice.do("removeMember", roomId=room.id, userId=user_id)
        assert outcome["__typename"] == "RemoveMemberSuccess", outcome


@dataclass(frozen=True)
class Room:
    database_id: int
    join_code: str

    @property
    def id(self) -> str:
        return ids.encode("Room", self.database_id)


async def say(person: Person, room: Room, *texts: str) -> None:
    """Send messages, one after the other, over one connection."""
    async with httpx.AsyncClient(timeout=DEADLINE, headers=person.headers) as client:
        for text in texts:
            await say_over(client, person, room, text)


async def say_over(client: httpx.AsyncClient, person: Person, room: Room, text: str) -> None:
    body = {"query": _SEND, "variables": {"input": {"roomId": room.id, "text": text}}}
    answer = (await client.post(f"{person.http}/graphql", json=body)).json()
    assert answer["data"]["sendMessage"]["__typename"] == "SendMessageSuccess", answer


async def cursor_of(person: Person, room: Room | None = None) -> str:
    """The cursor of a page loaded now."""
    if room is None:
        return str((await person.ask("{ viewer { eventCursor } }"))["viewer"]["eventCursor"])
    data = await person.ask("query ($id: ID!) { room(id: $id) { eventCursor } }", id=room.id)
    return str(data["room"]["eventCursor"])


_SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }"


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    server = Server(
        tmp_path_factory.mktemp("town"),
        DJANGO_SETTINGS_MODULE=SETTINGS,
        DJANGO_SUPERUSER_PASSWORD=BOSS_PASSWORD,
    )
    server.start()
    server.manage("createsuperuser", "--noinput", "--username=boss", "--email=boss@example.com")
    yield Town(server)
    server.stop()


@pytest.fixture(autouse=True)
def _chosen_limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Apply ``@pytest.mark.limits(page_size=2)`` before anything of the test starts."""
    mark = request.node.get_closest_marker("limits")
    if mark is None:
        yield
        return
    with override_settings(REALTIME=mark.kwargs):
        limits.cache_clear()
        yield
    limits.cache_clear()
