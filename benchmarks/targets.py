"""What the fast path is meant to reach, as ratios within one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.measure import Figures
from benchmarks.plan import TARGET
from benchmarks.record import Record

_Of = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class Target:
    """``reached`` is none where it was not measured; ``spread`` is that of the rounds."""

    what: str
    wanted: str
    reached: float | None
    is_met: bool
    shown: str


def deliveries(figures: Figures) -> float | None:
    return figures.deliveries_per_second


def deliveries_per_cpu(figures: Figures) -> float | None:
    """What other work on the server's core takes away does not count here."""
    return 1 / figures.cpu_per_delivery if figures.rates and figures.cpu_per_delivery else None


def connects(figures: Figures) -> float | None:
    return figures.connects_per_second


def memory(figures: Figures) -> float | None:
    return figures.bytes_per_socket


def p99(figures: Figures) -> float | None:
    return figures.latency_p99


_RATIOS: tuple[tuple[str, str, _Of, float, bool], ...] = (
    ("deliveries/s", "reference", deliveries, 0.9, True),
    ("deliveries/s", "strawberry", deliveries, 20.0, True),
    ("deliveries/s", "yoga", deliveries, 2.0, True),
    ("deliveries per second of CPU", "reference", deliveries_per_cpu, 0.9, True),
    ("deliveries per second of CPU", "strawberry", deliveries_per_cpu, 20.0, True),
    ("deliveries per second of CPU", "yoga", deliveries_per_cpu, 2.0, True),
    ("connects/s", "reference", connects, 0.5, True),
    ("connects/s", "strawberry", connects, 4.0, True),
    ("memory a socket", "reference", memory, 1.6, False),
    ("p99 latency at 10 messages/s", "reference", p99, 1.5, False),
)
_NAMES = {
    "reference": "the reference",
    "strawberry": "Strawberry as documented",
    "yoga": "graphql-yoga",
}


def targets(record: Record) -> Iterator[Target]:
    for what, other, of, bound, is_floor in _RATIOS:
        ratios = record.ratios("anteroom", other, TARGET, of)
        yield _judged(f"{what}, to {_NAMES[other]}", ratios, bound, is_floor=is_floor)
    yield from _others(record)


def _judged(what: str, ratios: list[float], bound: float, *, is_floor: bool) -> Target:
    wanted = f"{'≥' if is_floor else '≤'} {bound:g}"
    if not ratios:
        return Target(what, wanted, None, is_met=False, shown="not measured")
    reached = median(ratios)
    spread = f" ({min(ratios):.2f} … {max(ratios):.2f})" if len(ratios) > 1 else ""
    is_met = reached >= bound if is_floor else reached <= bound
    return Target(what, wanted, reached, is_met, f"{reached:.2f}{spread}")


def _others(record: Record) -> Iterator[Target]:
    if it := record.frozen:
        rounds = zip(it.with_p99, it.without_p99, strict=True)
        ratios = [beside / without for beside, without in rounds]
        yield _judged("the others' p99 beside a frozen reader", ratios, 1.1, is_floor=False)
    if back := record.comeback:
        what = f"reads of the event log when {back.clients:,} come back, {back.missed} events late"
        yield Target(what, "≤ 50", back.reads, back.reads <= 50, f"{back.reads}")
    plain = [each for each in record.sends if each.server != "anteroom"]
    for each in record.sends:
        if plain and each.server == "anteroom":
            ratio = [median(each.per_second) / median(plain[0].per_second)]
            where = "one room" if each.rooms == 1 else f"{each.rooms} rooms"
            yield _judged(f"sends/s in {where}, to a plain INSERT", ratio, 1.0, is_floor=True)
