"""The ledger as tables, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from ledger.judge import Verdict


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault that was done; ``recovery`` is in seconds, and none if it was too long."""

    kind: str
    happened: bool
    note: str
    affected: int
    recovery: float | None


@dataclass
class Report:
    """
    What came of a run. ``complaints`` are reasons to fail beside the four figures:
    not enough has happened, or something else than it should.
    """

    verdict: Verdict
    strikes: Sequence[Strike]
    seed: int
    seconds: float
    followers: int
    deeds: Mapping[str, int]
    complaints: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return self.verdict.is_clean and not self.complaints

    def markdown(self) -> str:
        parts = [_table(*_figures(self.verdict)), _table(*_by_kind(self.strikes)), self._summary()]
        if self.verdict.examples or self.complaints:
            wrong = [*self.verdict.examples, *self.complaints]
            parts.append("\n".join(f"- {line}" for line in wrong))
        return "\n\n".join(parts) + "\n"

    def _summary(self) -> str:
        done = ", ".join(f"{count:,} {what}" for what, count in self.deeds.items())
        return (
            f"Seed {self.seed}, {self.seconds:.0f} s under load, {self.followers} followers on 3"
            f" servers. {done}."
        )


def _figures(verdict: Verdict) -> tuple[list[str], list[list[str]]]:
    names = ["events committed", "deliveries expected", "deliveries made"]
    values = [verdict.committed, verdict.expected, verdict.made]
    wrong = ["lost", "repeated", "out of order", "unauthorised"]
    values += [verdict.lost, verdict.repeated, verdict.out_of_order, verdict.unauthorised]
    return names + wrong, [[f"{value:,}" for value in values]]


def _by_kind(strikes: Iterable[Strike]) -> tuple[list[str], list[list[str]]]:
    kinds: dict[str, list[Strike]] = {}
    for strike in strikes:
        kinds.setdefault(strike.kind, []).append(strike)
    rows = []
    for kind, some in kinds.items():
        times = sorted(each.recovery for each in some if each.recovery is not None)
        affected = sum(each.affected for each in some)
        rows.append([kind, str(len(some)), str(affected), *_percentiles(times)])
    return ["fault", "times", "followers affected", "recovery p50", "recovery p99"], rows


def _percentiles(times: Sequence[float]) -> tuple[str, str]:
    if not times:
        return "-", "-"
    highest = times[min(len(times) - 1, int(len(times) * 0.99))]
    return f"{median(times):.2f} s", f"{highest:.2f} s"


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [names, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )
