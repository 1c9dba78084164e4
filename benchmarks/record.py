"""The raw figures of a run, as they are kept and read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct, field

from benchmarks.measure import Figures
from benchmarks.servers import KINDS

LABELS = {kind.name: kind.label for kind in KINDS}


class Machine(Struct):
    cpu: str
    cores: int
    versions: str
    when: str
    command: str
    is_shared: bool
    """Whether the load had to run on the server's core."""


class Ceiling(Struct):
    """What the load takes from a server that only writes ready frames."""

    per_second: float
    load_share: float
    connects_per_second: float
    connect_load_share: float


class Frozen(Struct):
    """Latency of the others with and without one who does not read, in seconds, by rounds."""

    others: int
    per_second: float
    with_p99: list[float] = field(default_factory=list)
    without_p99: list[float] = field(default_factory=list)
    unsent: list[int] = field(default_factory=list)
    """Bytes that waited for the frozen reader, in the kernel alone."""


class Comeback(Struct):
    clients: int
    missed: int
    seconds: float
    reads: int
    """Statements that read the events' table."""
    statements: int


class Sends(Struct):
    """Sends per second over HTTP."""

    server: str
    connections: int
    rooms: int
    per_second: list[float]


class HotRoom(Struct):
    """Median send times, in seconds."""

    writers: int
    alone: float
    beside: float
    hot: float
    errors: int


class Record(Struct):
    machine: Machine
    figures: list[Figures] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    ceiling: Ceiling | None = None
    frozen: Frozen | None = None
    comeback: Comeback | None = None
    sends: list[Sends] = field(default_factory=list)
    hot_room: HotRoom | None = None
    profile: dict[str, float] = field(default_factory=dict)
    bill: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def sizes(self) -> Sequence[int]:
        return sorted({each.subscribers for each in self.figures})

    @property
    def servers(self) -> Sequence[str]:
        return [name for name in LABELS if any(each.server == name for each in self.figures)]

    def all_of(self, server: str, subscribers: int) -> Sequence[Figures]:
        return [
            each
            for each in self.figures
            if (each.server, each.subscribers) == (server, subscribers)
        ]

    def value(
        self, server: str, subscribers: int, of: Callable[[Figures], float | None]
    ) -> float | None:
        """The median of something over all rounds, if there is any."""
        values = [of(each) for each in self.all_of(server, subscribers)]
        known = [value for value in values if value]
        return median(known) if known else None

    def ratios(
        self, server: str, other: str, subscribers: int, of: Callable[[Figures], float | None]
    ) -> list[float]:
        """Something of ``server`` in relation to ``other``'s, in each round for itself."""
        pairs = zip(self.all_of(server, subscribers), self._cycle(other, subscribers), strict=False)
        found = [(of(one), of(two)) for one, two in pairs]
        return [one / two for one, two in found if one and two]

    def _cycle(self, server: str, subscribers: int) -> Sequence[Figures]:
        """A round for each of the others', where a server has fewer."""
        rounds = [*self.all_of(server, subscribers)]
        return rounds + rounds[-1:] * 10


def save(record: Record, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def load(path: Path) -> Record:
    return msgspec.json.decode(path.read_bytes(), type=Record)
