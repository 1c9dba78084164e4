"""What happens just in the middle of something else, each moment hit exactly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

import pytest

from chat import changes
from chat.models import Membership, Room
from realtime.hub import Hub
from realtime.threads import DatabaseThreads
from tests.end_to_end.conftest import Ambush
from tests.end_to_end.deeds import World
from tests.end_to_end.replicas import Replica

pytestmark = pytest.mark.django_db(transaction=True)


class Stage:
    """A room of Anna's in which Ben has his page open."""

    def __init__(self, threads: DatabaseThreads, world: World, ambush: Ambush) -> None:
        self.threads, self.world, self.ambush = threads, world, ambush
        self.anna, self.ben = world.people[:2]
        self.room = world.rooms[0]

    async def page(self) -> Replica:
        page = Replica(self.threads, self.ben, self.room.pk)
        assert await page.load()
        return page

    async def talk(self) -> None:
        """Anna says three things."""
        await self.threads.run(partial(self.world.talk_in, self.room.pk))

    async def remove(self) -> None:
        """Ben is removed, and Anna says three things behind his back."""
        await self.threads.run(self.removal)

    @property
    def removal(self) -> partial[None]:
        return partial(self.world.remove_from, self.room.pk, self.ben)

    def remove_and_admit(self) -> None:
        membership = Membership.objects.get(room=self.room, user=self.ben)
        changes.remove_member(membership, by=self.anna)
        changes.admit(changes.request_to_join(self.room, user=self.ben), by=self.anna)

    def delete(self) -> None:
        changes.delete_room(Room.objects.get(pk=self.room.pk))


@pytest.fixture
async def stage(threads: DatabaseThreads, ambush: Ambush) -> AsyncIterator[Stage]:
    world = await threads.run(partial(World.with_people, "person", 4))
    async with Hub():
        yield await threads.run(partial(Stage, threads, world, ambush))
        ambush.clear()


async def test_removal_between_the_claim_and_the_attach_refuses_the_stream(stage: Stage) -> None:
    """G5: what somebody was when the following began is read again with the first page."""
    page = await stage.page()
    await stage.talk()

    stage.ambush.after_claim = stage.removal
    await page.follow()

    assert page.end == {"refused": "NOT_FOUND"}
    assert page.told == []


async def test_removal_while_the_rights_are_read_ends_the_stream_where_it_happened(
    stage: Stage,
) -> None:
    """G5: the rights held in the snapshot that was read; the removal comes as an event."""
    page = await stage.page()
    await stage.talk()

    stage.ambush.after_rights = stage.removal
    await page.follow()
    await page.reach_end()

    assert page.told == ["MessageSent"] * 3 + ["CaughtUp", "AccessRevoked"]
    assert page.end == {"__typename": "AccessRevoked", "reason": "REMOVED"}


@pytest.mark.limits(page_size=2)
async def test_removal_between_two_replay_pages_ends_the_replay(stage: Stage) -> None:
    """G5: replayed, you receive an event only if you have the right when its page is read."""
    page = await stage.page()
    await stage.talk()

    stage.ambush.after_rights = stage.removal
    await page.follow()
    await page.reach_end()

    assert page.told == ["MessageSent"] * 2 + ["AccessRevoked"]
    assert page.end == {"__typename": "AccessRevoked", "reason": "REMOVED"}


async def test_removal_between_two_pulled_pages_hides_the_room(stage: Stage) -> None:
    """G5: the pull twin reads the rights with every page, too."""
    page = await stage.page()
    await stage.talk()

    stage.ambush.after_rights = stage.removal
    await page.pull(2)

    assert page.told == ["MessageSent"] * 2
    assert page.end == {"refused": "NOT_FOUND"}


@pytest.mark.limits(page_size=2)
async def test_who_comes_back_between_two_replay_pages_replays_past_the_removal(
    stage: Stage,
) -> None:
    """G5, G1: the right is there when the next page is read, so nothing is missing."""
    page = await stage.page()
    await stage.talk()

    stage.ambush.after_rights = stage.remove_and_admit
    await page.follow()
    shown = await page.snapshot()
    assert shown is not None
    await page.reach(shown["eventCursor"])

    assert page.told == ["MessageSent"] * 3 + ["MemberLeft", "MemberJoined", "CaughtUp"]
    assert page.end is None
    assert {**page.state, "eventCursor": page.cursor} == shown


LAGGING = pytest.mark.limits(page_size=1, tail_size=1)


@LAGGING
async def test_a_lagging_member_who_is_removed_gets_no_page_of_what_came_meanwhile(
    stage: Stage,
) -> None:
    """G5: at most what was already at hand is delivered, and then AccessRevoked."""
    page = await stage.page()
    await page.follow()
    page.freeze()
    await stage.talk()

    await stage.remove()
    page.thaw()
    await page.reach_end()

    assert page.told[-1] == "AccessRevoked"
    assert page.end == {"__typename": "AccessRevoked", "reason": "REMOVED"}
    assert set(page.told[:-1]) <= {"CaughtUp", "MessageSent"}


@LAGGING
async def test_a_lagging_follower_of_a_room_that_is_deleted_is_told_so(stage: Stage) -> None:
    """G8: what lay in between is gone with the room; AccessRevoked(ROOM_DELETED) says it."""
    page = await stage.page()
    await page.follow()
    page.freeze()
    await stage.talk()

    await stage.threads.run(stage.delete)
    page.thaw()
    await page.reach_end()

    assert page.end == {"__typename": "AccessRevoked", "reason": "ROOM_DELETED"}
    await page.follow()
    assert page.end == {"refused": "NOT_FOUND"}


async def test_a_change_in_the_middle_of_a_query_is_not_in_it_and_comes_as_an_event(
    stage: Stage,
) -> None:
    """G2: a cursor is exact although others write while the rest of the query is read."""
    page = Replica(stage.threads, stage.ben, stage.room.pk)

    stage.ambush.after_cursor = partial(stage.world.talk_in, stage.room.pk)
    assert await page.load()
    assert page.state["messages"] == []
    await page.follow()
    shown = await page.snapshot()
    assert shown is not None
    await page.reach(shown["eventCursor"])

    assert page.told == ["MessageSent"] * 3 + ["CaughtUp"]
    assert {**page.state, "eventCursor": page.cursor} == shown
