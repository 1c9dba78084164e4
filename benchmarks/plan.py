"""How much is measured: all of it, or what fits into two minutes."""

from __future__ import annotations

from dataclasses import dataclass

TARGET = 1_000
"""The number of subscribers at which the targets are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Times are in seconds."""

    sizes: tuple[int, ...]
    peers_at: tuple[int, ...]
    """With how many subscribers others than Anteroom and the reference are measured."""
    repeats: int
    """How often the throughput is measured, one time after the other."""
    writing: float
    latency: float
    rounds: int
    """How often Anteroom and the reference take turns at the targets' size."""
    returning: int
    """How many clients are cut off at once."""
    frozen: float
    beside: int
    """How many read on beside a frozen reader."""
    sends: float
    dissects: bool
    """Whether a profile and the fleet's bill belong to it."""
    cell_within: float
    """For everything about one server with one number of subscribers."""

    @property
    def people(self) -> int:
        return max(*self.sizes, self.returning, TARGET)


_SIZES = (100, 300, 1_000, 3_000, 10_000)
LONG = Plan(
    sizes=_SIZES,
    peers_at=_SIZES,
    repeats=3,
    writing=2.0,
    latency=5.0,
    rounds=3,
    returning=2_000,
    frozen=4.0,
    beside=999,
    sends=4.0,
    dissects=True,
    cell_within=300.0,
)
QUICK = Plan(
    sizes=(100, TARGET),
    peers_at=(TARGET,),
    repeats=2,
    writing=0.5,
    latency=1.5,
    rounds=1,
    returning=200,
    frozen=1.5,
    beside=299,
    sends=0.7,
    dissects=False,
    cell_within=40.0,
)
