"""
The property of it all (G1 to G6): snapshot + events after its cursor = fresh snapshot.

Many people act at random, also through the admin site; sockets drop, freeze and
lose what was on its way; rings are lost, repeated and reordered. Every page that
anyone loaded, kept up by nothing but events, must always come to show what a
page loaded afresh shows, and the pages of those who lost their rights nothing more.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import pytest
from channels.layers import channel_layers
from django.contrib.auth.models import User
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat import topics
from chat.models import Room
from realtime import log
from realtime.conf import limits
from realtime.hub import Hub
from realtime.threads import DatabaseThreads
from tests.end_to_end.conftest import PROFILE, Ambush
from tests.end_to_end.deeds import NAMES, Deed, World
from tests.end_to_end.layers import Faulty
from tests.end_to_end.replicas import DEADLINE, Replica

PEOPLE = 4

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(0)]


class Visit(NamedTuple):
    """Somebody loads a page: their own, or that of a room they are in."""

    who: int
    where: int | None


class Trouble(NamedTuple):
    """Something happens to somebody's line, and so to all the pages they have open."""

    what: str
    who: int


class Trap(NamedTuple):
    """
    Something happens while a page is loaded or comes back after having missed something.

    Without a deed it is that the page's own person is removed.
    """

    when: str
    which: int
    deed: Deed | None


class Together(NamedTuple):
    """Things that happen at the same moment."""

    steps: Sequence[Deed | Visit | Trouble]


class Look(NamedTuple):
    """Everybody compares; whoever was offline comes back in one way or the other."""

    pages_of: int | None


small = st.integers(0, 7)
places = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])
deeds = st.builds(Deed, st.sampled_from(NAMES), small, places, small, small)
visits = st.builds(Visit, small, st.none() | places)
TROUBLES = ("drop", "freeze", "freeze", "grow deaf", "come back", "pull")
troubles = st.builds(Trouble, st.sampled_from(TROUBLES), small)
MOMENTS = ("after_claim", "after_rights", "after_cursor")
traps = st.builds(Trap, st.sampled_from(MOMENTS), st.integers(0, 15), st.none() | deeds)
looks = st.builds(Look, st.none() | st.integers(1, 3))
singly = st.one_of(*[deeds] * 7, visits, troubles, troubles, traps, looks)
together = st.lists(st.one_of(deeds, deeds, visits, troubles), min_size=2, max_size=6)
at_once = st.one_of(*[st.builds(Together, together)] * 3, troubles, traps, looks)
tuning = st.fixed_dictionaries(
    {
        "page_size": st.sampled_from([1, 2, 200]),
        "tail_size": st.sampled_from([1, 3, 1000]),
        "ring_event_bytes": st.sampled_from([1, 16_384]),
    }
)

_numbers = itertools.count()


class Play:
    """One script on its stage: the world, and the pages that people have open."""

    def __init__(self, world: World, threads: DatabaseThreads, ambush: Ambush) -> None:
        self.world = world
        self.pages: list[Replica] = []
        self._threads = threads
        self._ambush = ambush

    async def perform(self, steps: Sequence[Any]) -> None:
        for number in range(PEOPLE):
            await self.step(Visit(number, None))
            await self.step(Visit(number, 0))
        for each in steps:
            await self.step(each)
        await self.step(Look(None))

    async def step(self, step: Any) -> None:
        match step:
            case Deed():
                await self._threads.run(partial(self.world.do, step))
            case Visit(who, where):
                await self._visit(self.world.person(who), where)
            case Trouble(what, who):
                for page in self._pages_of(who):
                    await self._trouble(what, page)
            case Trap(when, which, deed):
                await self._trap(when, self.pages[which % len(self.pages)], deed)
            case Together(steps):
                await self._all_at_once(steps)
            case Look(pages_of):
                for page in self.pages:
                    await self._look(page, pages_of)

    async def close(self) -> None:
        for page in self.pages:
            await page.drop()

    def _pages_of(self, who: int) -> list[Replica]:
        return [page for page in self.pages if page.user == self.world.person(who)]

    async def _visit(self, person: User, where: int | None) -> None:
        room_id = None
        if where is not None:
            room = await self._threads.run(lambda: list(self.world.rooms)[where:][:1])
            if not room:
                return
            room_id = room[0].pk
        page = Replica(self._threads, person, room_id)
        if await page.load():
            await page.follow()
            self.pages.append(page)

    async def _trouble(self, what: str, page: Replica) -> None:
        match what:
            case "drop":
                await page.drop()
            case "freeze":
                page.freeze()
            case "grow deaf":
                page.grow_deaf()
            case "come back":
                await page.follow()
            case "pull":
                await page.pull(2)

    async def _trap(self, when: str, page: Replica, deed: Deed | None) -> None:
        await page.drop()
        await self._threads.run(partial(self.world.talk_in, page.room_id or 0))
        if deed is None:
            ambush = partial(self.world.remove_from, page.room_id or 0, page.user)
        else:
            ambush = partial(self.world.do, deed)
        setattr(self._ambush, when, ambush)
        if when != "after_cursor" or await page.load():
            await page.follow()
        # Looks compare with a world in which nothing happens meanwhile.
        await self._threads.run(self._ambush.clear)

    async def _all_at_once(self, steps: Sequence[Deed | Visit | Trouble]) -> None:
        """Do all, but one person's troubles one after the other: a page is one client."""
        apart: dict[tuple[bool, int], list[Any]] = {}
        for number, step in enumerate(steps):
            is_trouble = isinstance(step, Trouble)
            key = step.who % PEOPLE if isinstance(step, Trouble) else number
            apart.setdefault((is_trouble, key), []).append(step)
        await asyncio.gather(*(self._one_by_one(each) for each in apart.values()))

    async def _one_by_one(self, steps: Sequence[Any]) -> None:
        for step in steps:
            await self.step(step)

    async def _look(self, page: Replica, pages_of: int | None) -> None:
        shown = await page.snapshot()
        if shown is None:
            await self._look_from_outside(page, pages_of)
            return
        if page.end is not None:
            await page.drop()
        await page.catch_up(by_pages=pages_of)
        await page.reach(shown["eventCursor"])
        assert page.end is None, page
        assert {**page.state, "eventCursor": page.cursor} == shown

    async def _look_from_outside(self, page: Replica, pages_of: int | None) -> None:
        """Whoever may not see a room is told so, and has seen nothing after losing the right."""
        if page.end is None:
            await page.catch_up(by_pages=pages_of)
            await page.reach_end()
        assert page.end is not None
        assert "refused" not in page.end or page.end["refused"] == "NOT_FOUND"
        left_at = await self._threads.run(partial(_removal_of, page.user, page.room_id or 0))
        assert left_at is None or page.offset < left_at, f"A leak: {page}"


def _removal_of(user: User, room_id: int) -> int | None:
    """The offset at which the person last lost the right to a room that still exists."""
    if not Room.objects.filter(pk=room_id).exists():
        return None
    farewells = log.last(topics.room(room_id), "member_left", 1000)
    return next(event.offset for event in farewells if event.data["user"]["id"] == user.pk)


@asynccontextmanager
async def _stage(
    threads: DatabaseThreads, ambush: Ambush, seed: int, tuning: dict[str, int]
) -> AsyncIterator[Play]:
    """A hub of its own over a faulty layer, impatient enough for a test."""
    channel_layers.set("default", Faulty(seed))
    impatient = {"heads_interval": 0.05, "join_settling": 0.01, "recheck_interval": 0.2}
    with override_settings(REALTIME={**impatient, **tuning}):
        limits.cache_clear()
        try:
            prefix = f"p{next(_numbers)}x"
            world = await threads.run(partial(World.with_people, prefix, PEOPLE))
            async with Hub():
                play = Play(world, threads, ambush)
                yield play
                await play.close()
        finally:
            ambush.clear()
            limits.cache_clear()


async def test_what_was_sprung_for_others_is_over_when_the_ambush_is_cleared(
    ambush: Ambush,
) -> None:
    """Else a page would be compared with a world that moves on meanwhile."""
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def deed() -> None:
        begun.set()
        assert may_end.wait(DEADLINE)
        done.set()

    ambush.after_rights = deed
    springing = asyncio.create_task(asyncio.to_thread(ambush.spring, "after_rights"))
    assert await asyncio.to_thread(begun.wait, DEADLINE)
    clearing = asyncio.create_task(asyncio.to_thread(ambush.clear))
    too_early, _ = await asyncio.wait([clearing], timeout=0.1)
    may_end.set()
    await clearing

    assert not too_early
    assert done.is_set()
    await springing


@hypothesis_settings(hypothesis_settings.get_profile(PROFILE))
@given(steps=st.lists(singly, min_size=12, max_size=50), seed=st.integers(0, 99), tuning=tuning)
async def test_what_events_made_of_a_page_is_what_a_fresh_page_shows(
    threads: DatabaseThreads,
    ambush: Ambush,
    steps: list[Any],
    seed: int,
    tuning: dict[str, int],
) -> None:
    """G1 to G6, one thing after the other: what fails here shrinks to a short story."""
    async with _stage(threads, ambush, seed, tuning) as play:
        await play.perform(steps)


@hypothesis_settings(hypothesis_settings.get_profile(PROFILE))
@given(steps=st.lists(at_once, min_size=5, max_size=15), seed=st.integers(0, 99), tuning=tuning)
async def test_that_also_holds_where_everything_happens_at_once(
    threads: DatabaseThreads,
    ambush: Ambush,
    steps: list[Any],
    seed: int,
    tuning: dict[str, int],
) -> None:
    """G1 to G6, with queries, changes, drops and resumptions racing each other."""
    async with _stage(threads, ambush, seed, tuning) as play:
        await play.perform(steps)
