"""How much is measured: all of it, or what fits into two minutes."""

from __future__ import annotations

from dataclasses import dataclass

TARGET = 1_000
"""The number of subscribers at which the targets are set."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Times are in seconds."""

    sizes: tuple[int, ...]
    repeats: int
    """How often the throughput is measured, one time after the other."""
    writing: float
    latency: float
    rounds: int
    """How often Anteroom and the reference take turns at the targets' size."""
    returning: int
    """How many clients are cut off at once."""
    frozen: float
    sends: float
    dissects: bool
    """Whether a profile and the fleet's bill belong to it."""
    cell_within: float = 300.0
    """For everything about one server with one number of subscribers."""

    @property
    def people(self) -> int:
        return max(*self.sizes, self.returning)


LONG = Plan((100, 300, 1_000, 3_000, 10_000), 3, 2.0, 5.0, 3, 2_000, 4.0, 4.0, dissects=True)
QUICK = Plan((100, 1_000), 2, 0.5, 1.5, 1, 500, 1.5, 1.0, dissects=False, cell_within=40.0)
