"""One run: load, faults in a seeded order, quiet, judgement."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random

from ledger.diary import Diary
from ledger.faults import FAULTS, LAST, Fault, Struck
from ledger.fleet import fleet
from ledger.followers import Follower
from ledger.judge import judge
from ledger.load import Size, World, settle
from ledger.people import Api
from ledger.report import Report, Strike
from ledger.truth import Database

RECOVERED_WITHIN = 30.0
QUIET_WITHIN = 60.0
_WARM_UP = 2.0
_LINGERING = 1.5
_BETWEEN_LOOKS = 0.02

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What a run is to be. It goes on in rounds, each with every kind of fault once, until
    ``deliveries`` have been made; it has failed if they are not within ``seconds``.
    """

    seed: int
    size: Size
    deliveries: int
    seconds: float


async def run(plan: Plan, say: Say) -> Report:
    """Do it all; nothing that was started is left, however it ends."""
    chance = Random(plan.seed)  # noqa: S311  # repeatable, not secret
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="anteroom-ledger-"))
        say("Starting PostgreSQL, Redis and three servers …")
        started = await stack.enter_async_context(fleet(Path(directory), chance))
        database = await Database.open(started.database_url)
        stack.push_async_callback(database.close)
        api = Api([proxy.port for proxy in started.proxies])
        stack.push_async_callback(api.close)
        world = await settle(started, database, api, plan.size, chance)
        say(f"{len(world.followers)} followers, seed {plan.seed}.")
        return await _Run(plan, world, say).through()


class _Run:
    def __init__(self, plan: Plan, world: World, say: Say) -> None:
        self._plan = plan
        self._world = world
        self._say = say
        self._strikes: list[Strike] = []
        self._complaints: list[str] = []
        self._started = time.monotonic()

    async def through(self) -> Report:
        world = self._world
        async with asyncio.TaskGroup() as group:
            following = [group.create_task(each.run()) for each in world.followers]
            await asyncio.sleep(_WARM_UP)
            world.writers.start(group)
            await asyncio.sleep(_WARM_UP)
            await self._strike_all()
            seconds = time.monotonic() - self._started
            await world.writers.stop()
            await self._quiet()
            for task in following:
                task.cancel()
        return await self._report(seconds)

    async def _strike_all(self) -> None:
        for kind, fault in self._schedule():
            await self._strike(kind, fault)
        for kind, fault in LAST.items():
            await self._strike(kind, fault)

    def _schedule(self) -> Iterator[tuple[str, Fault]]:
        order = Random(self._plan.seed)  # noqa: S311  # repeatable, not secret
        while True:
            yield from order.sample(list(FAULTS.items()), k=len(FAULTS))
            if self._world.deliveries >= self._plan.deliveries or self._is_late():
                return

    def _is_late(self) -> bool:
        return time.monotonic() - self._started > self._plan.seconds

    async def _strike(self, kind: str, fault: Fault) -> None:
        chance = Random(f"{self._plan.seed} {kind} {len(self._strikes)}")  # noqa: S311  # as above
        struck = await fault(self._world, chance)
        recovery, left = await _recovery(struck)
        affected = len(struck.affected)
        self._strikes.append(Strike(kind, struck.happened, struck.note, affected, recovery))
        self._complain_about(self._strikes[-1], left)
        shown = "not recovered" if recovery is None or left else f"recovered after {recovery:.2f} s"
        self._tell(f"{kind}: {struck.note}; {affected} followers, {shown}")

    def _complain_about(self, strike: Strike, left: Sequence[Follower]) -> None:
        if not strike.happened:
            self._complaints.append(f"{strike.kind} did not take place: {strike.note}.")
        if strike.recovery is None:
            self._complaints.append(f"{strike.kind}: nobody who was affected had news in time.")
        if left:
            some = ", ".join(f"{each.name} (door {each.door})" for each in left[:5])
            late = f"{len(left)} had no news within {RECOVERED_WITHIN:.0f} s"
            self._complaints.append(f"{strike.kind}: {late}: {some}.")

    async def _quiet(self) -> None:
        """Wait until everyone has what is due, then a little longer for what is not."""
        deadline = time.monotonic() + QUIET_WITHIN
        heads, members = await self._world.database.heads(), await self._world.database.members()
        behind = [each.diary for each in self._world.followers]
        while behind and time.monotonic() < deadline:
            behind = [each for each in behind if _is_behind(each, heads, members)]
            await asyncio.sleep(_BETWEEN_LOOKS)
        await asyncio.sleep(_LINGERING)
        self._tell(f"all quiet; {len(behind)} followers are behind")

    async def _report(self, seconds: float) -> Report:
        world = self._world
        truth = await world.database.truth(world.book.ended_sessions)
        self._say("Comparing …")
        verdict = judge(truth, [each.diary for each in world.followers], world.book)
        deeds = self._deeds()
        report = Report(
            verdict, self._strikes, self._plan.seed, seconds, len(world.followers), deeds
        )
        report.complaints += self._complaints
        report.complaints += [line for each in world.followers for line in each.faults]
        if verdict.made < self._plan.deliveries:
            report.complaints.append(
                f"Only {verdict.made:,} of {self._plan.deliveries:,} deliveries were made."
            )
        report.complaints += [f"There were no {what}." for what, n in deeds.items() if not n]
        return report

    def _deeds(self) -> dict[str, int]:
        """What has happened; a run in which any of it did not happen proves little."""
        book, followers = self._world.book, self._world.followers
        return {
            "sends acknowledged": book.acknowledged,
            "requests": book.deeds["requestToJoin"],
            "admissions": book.deeds["admitJoinRequest"],
            "removals": book.deeds["removeMember"],
            "departures": book.deeds["leaveRoom"],
            "renames": book.deeds["renameRoom"],
            "sign-outs": book.deeds["signOut"],
            "connections": sum(each.connections for each in followers),
            "resumptions by Last-Event-ID": sum(each.resumptions_by_id for each in followers),
            "deliveries by server-sent events": sum(
                each.diary.deliveries for each in followers if each.wire == "sse"
            ),
            "streams ended by a removal": sum(each.revocations for each in followers),
            "cursors expired": sum(each.expiries.total() for each in followers),
        }

    def _tell(self, what: str) -> None:
        seconds = time.monotonic() - self._started
        self._say(f"{seconds:6.1f} s {self._world.deliveries:>9,} deliveries  {what}")


async def _recovery(struck: Struck) -> tuple[float | None, Sequence[Follower]]:
    """
    Wait until all who were affected have been told something that was committed later.

    Returns how many seconds that took, if it did happen in time to anybody, and who is left.
    """
    deadline = time.monotonic() + RECOVERED_WITHIN
    waiting = list(struck.affected)
    longest: float | None = None
    while waiting:
        still = []
        for each in waiting:
            at = each.diary.tracks[each.topics[0]].first_past(struck.heads[each.topics[0]])
            if at is not None:
                longest = max(longest or 0.0, at - struck.struck_at)
            elif not each.is_outside:
                still.append(each)
        waiting = still
        if waiting and time.monotonic() > deadline:
            break
        await asyncio.sleep(_BETWEEN_LOOKS)
    return longest, waiting


def _is_behind(
    diary: Diary, heads: Mapping[str, int], members: Collection[tuple[int, int]]
) -> bool:
    if diary.room_id is not None and (diary.room_id, diary.user_id) not in members:
        return False
    return not diary.tracks or any(
        track.position < heads.get(topic, 0) for topic, track in diary.tracks.items()
    )
