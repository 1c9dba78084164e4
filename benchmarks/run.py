"""One run: every server with every number of subscribers, and then the rest."""

from __future__ import annotations

import asyncio
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import bill, comeback, cores, frozen, measure, profile, sends
from benchmarks.backing import Backing, backing
from benchmarks.load import Broken
from benchmarks.measure import Figures
from benchmarks.plan import TARGET, Plan
from benchmarks.record import Ceiling, Machine, Record
from benchmarks.servers import ANTEROOM, BLASTER, KINDS, REFERENCE, Kind, absent, serving

_CEILING = 1_000
_WATCHED = 8.0
"""Seconds of the profile."""
_MEASURABLE = 1.2
"""How much more than it is asked for a server must be able to deliver, or it only queues."""

Say = Callable[[str], None]


class Run:
    """What is done goes into ``record``, and ``keep`` is called with it again and again."""

    def __init__(
        self, plan: Plan, say: Say, keep: Callable[[Record], None], only: Sequence[str] = ()
    ) -> None:
        self._keep = keep
        self._plan = plan
        self._only = only
        self._say = say
        self._began = time.perf_counter()

    async def through(self) -> Record:
        """Do it all; nothing that was started is left, however it ends."""
        self._tell("starting PostgreSQL and Redis, and letting people in")
        with backing(self._plan.people) as shared:
            record = self.record = Record(_machine(shared))
            if record.machine.is_shared:
                self._tell("there is one core: server and load share it, so trust no ratio")
            record.ceiling = await self._ceiling(shared)
            for size in self._plan.sizes:
                for kind in self._kinds(size):
                    await self._cell(shared, kind, size)
            if not self._only or ANTEROOM.name in self._only:
                await self._alone(shared)
            self._save()
            return record

    def _save(self) -> None:
        self.record.seconds = time.perf_counter() - self._began
        self._keep(self.record)

    def _kinds(self, size: int) -> Iterator[Kind]:
        """Who is measured with so many subscribers, in turn."""
        kinds = [kind for kind in KINDS if not self._only or kind.name in self._only]
        if size not in self._plan.peers_at:
            kinds = [kind for kind in kinds if kind in (REFERENCE, ANTEROOM)]
        for kind in kinds:
            if reason := absent(kind):
                if kind.name not in self.record.skipped:
                    self._tell(f"{kind.label} is skipped: {reason}")
                self.record.skipped[kind.name] = reason
            else:
                yield kind
        turns = [kind for kind in kinds if kind in (REFERENCE, ANTEROOM)]
        if size == TARGET:
            yield from turns * (self._plan.rounds - 1)

    async def _cell(self, shared: Backing, kind: Kind, size: int) -> None:
        figures = Figures(kind.name, size)
        try:
            async with asyncio.timeout(self._plan.cell_within):
                await self._measure(shared, kind, figures)
        except (Broken, TimeoutError, ExceptionGroup) as error:
            if not kind.loses:
                raise Broken(f"{kind.label} with {size:,} subscribers: {error!r}") from error
            figures.faults.append(f"It broke down: {error!r}"[:200])
        self.record.figures.append(figures)
        self._save()
        self._tell(_line(kind, figures))

    async def _measure(self, shared: Backing, kind: Kind, figures: Figures) -> None:
        with serving(kind, shared) as server:
            async with measure.crowd(server, figures.subscribers, figures) as crowd:
                await measure.warm_up(crowd)
                for _ in range(self._plan.repeats):
                    figures.rates.append(await measure.throughput(crowd, self._plan.writing))
                if figures.deliveries_per_second > _MEASURABLE * 10 * figures.subscribers:
                    measure.note_latency(figures, await measure.latency(crowd, self._plan.latency))
                measure.check(crowd, figures)

    async def _ceiling(self, shared: Backing) -> Ceiling:
        figures = Figures(BLASTER.name, _CEILING)
        with serving(BLASTER, shared) as server:
            async with measure.crowd(server, _CEILING, figures) as crowd:
                await measure.warm_up(crowd)
                for _ in range(self._plan.repeats):
                    figures.rates.append(await measure.throughput(crowd, self._plan.writing))
                measure.check(crowd, figures)
        self._tell(f"the load itself: {_short(figures)}")
        return Ceiling(
            figures.deliveries_per_second,
            figures.load_share,
            figures.connects_per_second,
            figures.connect_load_share,
        )

    async def _alone(self, shared: Backing) -> None:
        """What only Anteroom is asked for."""
        record, plan = self.record, self._plan
        known = record.value(ANTEROOM.name, TARGET, lambda each: each.deliveries_per_second)
        self._tell(f"a frozen reader beside {plan.beside:,} others")
        record.frozen = await frozen.measure(
            shared, plan.frozen, plan.beside, known or TARGET, plan.rounds
        )
        self._tell(f"{plan.returning:,} clients are cut off at once and come back")
        record.comeback = await comeback.measure(shared, plan.returning)
        self._tell("sends over HTTP, beside a plain INSERT, and beside a hot room")
        record.sends, record.hot_room = await sends.measure(shared, plan.sends)
        if plan.dissects:
            await self._dissect(shared)

    async def dissect(self, before: Record | None) -> Record:
        """Only the profile and the bill, into what was found ``before``, if anything was."""
        with backing(TARGET) as shared:
            self.record = before or Record(_machine(shared))
            await self._dissect(shared)
            self._keep(self.record)
        return self.record

    async def _dissect(self, shared: Backing) -> None:
        self._tell("what single deeds cost")
        self.record.bill = dict(bill.measure(shared))
        if reason := profile.absent():
            self._tell(f"the profile is skipped: {reason}")
            return
        self._tell("a profile of 1,000 subscribers")
        self.record.profile = dict(await profile.measure(shared, _WATCHED))

    def _tell(self, what: str) -> None:
        self._say(f"{time.perf_counter() - self._began:6.1f} s  {what}")


def _line(kind: Kind, figures: Figures) -> str:
    p99 = f"{1000 * figures.latency_p99:.1f} ms p99" if figures.latency_p99 else "no latency"
    lost = f", {figures.lost:,} lost" if figures.lost else ""
    return f"{kind.label}, {figures.subscribers:,} subscribers: {_short(figures)}, {p99}{lost}"


def _short(figures: Figures) -> str:
    return (
        f"{figures.deliveries_per_second:,.0f} deliveries/s (load {figures.load_share:.0%}),"
        f" {figures.connects_per_second:,.0f} connects/s (load {figures.connect_load_share:.0%}),"
        f" {figures.bytes_per_socket / 1024:.0f} KB a socket"
    )


def _machine(shared: Backing) -> Machine:
    python = f"Python {platform.python_version()}"
    packages = [f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "strawberry-graphql")]
    return Machine(
        cpu=_cpu(),
        cores=len(cores.SERVER_CORES | cores.LOAD_CORES),
        versions=", ".join([python, *packages, shared.versions()]),
        when=datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC"),
        command=" ".join(["python -m benchmarks", *sys.argv[1:]]),
        is_shared=not cores.ARE_APART,
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
