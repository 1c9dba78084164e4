"""The watch over sessions: it tells sockets that their session is over, soon and once (G10)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import django.db
import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.contrib.auth.models import User

from accounts import liveness, sightings, watch
from accounts.actions import end_session, open_session
from accounts.authentication import Identity, identity_of_session
from accounts.models import Session
from accounts.watch import INTERVAL, Watch
from realtime import background
from realtime.hub import Hub, NotServing
from tests.realtime.layers import FAULTY, Counting

DEADLINE = 10.0

pytestmark = pytest.mark.usefixtures("database_of_threads")


@pytest.fixture
def layer(request: pytest.FixtureRequest) -> Counting:
    made: Counting = getattr(request, "param", Counting)()
    channel_layers.set("default", made)
    return made


@pytest.fixture
async def watching(layer: Counting, bob: User) -> AsyncIterator[Watch]:
    async with Hub() as hub, Watch(hub) as watching:
        # Until the group is joined nobody would hear a ring.
        while "sessions" not in layer.groups and type(layer) is Counting:  # noqa: ASYNC110  # as above, and a layer has no event
            await asyncio.sleep(0)
        yield watching


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look so rarely that only a ring explains what is told within the deadline."""
    monkeypatch.setattr(watch, "INTERVAL", 60.0)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look so often that no ring is needed."""
    monkeypatch.setattr(watch, "INTERVAL", 0.02)
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)


class Ends:
    """Counts the calls, and lets the first one be awaited."""

    def __init__(self) -> None:
        self.calls = 0
        self._called = asyncio.Event()

    def __call__(self) -> None:
        self.calls += 1
        self._called.set()

    async def wait(self) -> None:
        async with asyncio.timeout(DEADLINE):
            await self._called.wait()


async def _identity(user: User) -> Identity:
    def open_one() -> Identity:
        identity = identity_of_session(open_session(user, "Tests").session_key)
        assert identity is not None
        return identity

    return await sync_to_async(open_one)()


async def _look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Return after a whole look that began after now."""
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()
    original, begun = liveness.ended, 0

    def counted(identities: Any) -> set[str]:
        nonlocal begun
        begun += 1
        if begun == 2:
            loop.call_soon_threadsafe(looked.set)
        return original(identities)

    with monkeypatch.context() as patch:
        patch.setattr(liveness, "ended", counted)
        async with asyncio.timeout(DEADLINE):
            await looked.wait()


def test_two_looks_are_never_five_seconds_apart() -> None:
    """G10: with the longest pause and a second for the query."""
    assert INTERVAL * 1.2 + 0.5 < 5


def test_outside_a_server_nobody_watches() -> None:
    with pytest.raises(NotServing):
        watch.current()


@pytest.mark.usefixtures("rarely")
async def test_a_session_that_ends_here_is_told_at_once(watching: Watch, bob: User) -> None:
    """G10: by the ring."""
    identity, other = await _identity(bob), await _identity(bob)
    ended, untouched = Ends(), Ends()
    watching.add(identity, ended)
    watching.add(other, untouched)

    await sync_to_async(end_session)(identity.session_key)

    await ended.wait()
    assert untouched.calls == 0


async def _change(how: str, user: User, identity: Identity) -> None:
    def change() -> None:
        person = User.objects.get(pk=user.pk)
        match how:
            case "deactivated":
                person.is_active = False
                person.save()
            case "another password":
                person.set_password("another")
                person.save()
            case "revoked":
                Session.objects.get(session_key=identity.session_key).delete()

    await sync_to_async(change)()


@pytest.mark.usefixtures("rarely")
@pytest.mark.parametrize("how", ["deactivated", "another password", "revoked"])
async def test_whatever_ends_a_session_rings(watching: Watch, bob: User, how: str) -> None:
    """G10"""
    identity, ended = await _identity(bob), Ends()
    watching.add(identity, ended)

    await _change(how, bob, identity)

    await ended.wait()


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("layer", FAULTY, indirect=True)
async def test_no_ring_is_needed(watching: Watch, bob: User) -> None:
    """G6, G10"""
    identity, ended = await _identity(bob), Ends()
    watching.add(identity, ended)

    await sync_to_async(end_session)(identity.session_key)

    await ended.wait()


@pytest.mark.usefixtures("often")
async def test_expiry_ends_a_session_though_nothing_happens(watching: Watch, bob: User) -> None:
    """G10"""
    identity, ended = await _identity(bob), Ends()
    watching.add(identity, ended)

    rows = Session.objects.filter(session_key=identity.session_key)
    await sync_to_async(rows.update)(expire_date="2001-01-01T00:00:00Z")

    await ended.wait()


@pytest.mark.usefixtures("often")
async def test_more_are_watched_than_are_looked_at_at_once(
    watching: Watch, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.watch.LOOKED_AT_AT_ONCE", 2)
    watched = [(await _identity(bob), Ends()) for _ in range(5)]
    for identity, ended in watched:
        watching.add(identity, ended)

    last, ended = watched[-1]
    await sync_to_async(end_session)(last.session_key)

    await ended.wait()


@pytest.mark.usefixtures("often")
async def test_what_has_ended_is_told_once_to_each(
    watching: Watch, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, other = await _identity(bob), await _identity(bob)
    sockets = [Ends() for _ in range(3)]
    for socket in sockets:
        watching.add(identity, socket)
    watching.add(other, Ends())

    await sync_to_async(end_session)(identity.session_key)
    for socket in sockets:
        await socket.wait()
    await _look(monkeypatch)

    assert [socket.calls for socket in sockets] == [1, 1, 1]


@pytest.mark.usefixtures("often")
async def test_who_is_removed_is_told_nothing(watching: Watch, bob: User) -> None:
    identity, gone, there = await _identity(bob), Ends(), Ends()
    watching.add(identity, gone)
    watching.add(identity, there)
    watching.remove(identity, gone)
    watching.remove(identity, gone)
    watching.remove(await _identity(bob), gone)

    await sync_to_async(end_session)(identity.session_key)

    await there.wait()
    assert gone.calls == 0


@pytest.mark.usefixtures("often")
async def test_who_is_added_after_the_end_is_told_too(watching: Watch, bob: User) -> None:
    """The session ended between the look at the credentials and the watch."""
    identity, ended = await _identity(bob), Ends()
    await sync_to_async(end_session)(identity.session_key)

    watching.add(identity, ended)

    await ended.wait()


@pytest.mark.usefixtures("rarely")
async def test_a_ring_during_a_look_makes_another_look(
    watching: Watch, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G10: what ended after the read is not left to the next round."""
    first, second = await _identity(bob), await _identity(bob)
    ended, ended_during_the_look = Ends(), Ends()
    watching.add(first, ended)
    watching.add(second, ended_during_the_look)
    has_read, may_go = threading.Event(), threading.Event()
    original: Callable[[Any], set[str]] = liveness.ended

    def held(identities: Any) -> set[str]:
        over = original(identities)
        has_read.set()
        assert may_go.wait(DEADLINE)
        return over

    monkeypatch.setattr(liveness, "ended", held)
    await sync_to_async(end_session)(first.session_key)
    assert await asyncio.to_thread(has_read.wait, DEADLINE)
    await sync_to_async(end_session)(second.session_key)
    may_go.set()

    await ended.wait()
    await ended_during_the_look.wait()


@pytest.mark.usefixtures("often")
async def test_a_database_that_fails_ends_nobody_and_is_asked_again(
    watching: Watch, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, ended = await _identity(bob), Ends()
    failures = 0
    failed_thrice = threading.Event()

    def fail(_: object) -> set[str]:
        nonlocal failures
        failures += 1
        if failures == 3:
            failed_thrice.set()
        raise django.db.OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(liveness, "ended", fail)
        watching.add(identity, ended)
        assert await asyncio.to_thread(failed_thrice.wait, DEADLINE)
        assert ended.calls == 0
        await sync_to_async(end_session)(identity.session_key)

    await ended.wait()


@pytest.mark.usefixtures("often")
async def test_an_open_socket_counts_as_being_seen(
    watching: Watch, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = await _identity(bob)
    noted: list[set[str]] = []
    monkeypatch.setattr(sightings, "note", noted.append)
    watching.add(identity, Ends())

    await _look(monkeypatch)

    assert {identity.session_key} in noted


async def test_a_watch_ends_when_it_is_asked_to_however_it_is_rung(
    layer: Counting, bob: User
) -> None:
    """A cancellation that meets a ring is not swallowed: the server would never shut down."""
    for _ in range(20):
        async with asyncio.timeout(DEADLINE), Hub() as hub, Watch(hub) as watching:
            await asyncio.sleep(0)
            watching._look_wanted.set()
    with pytest.raises(NotServing):
        watch.current()
