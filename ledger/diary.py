"""What one follower was told, topic by topic, in the order in which it was told."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.frames import OWNERS_ONLY, Position, Told


@dataclass(frozen=True, slots=True)
class Jump:
    """From entry ``index`` on the stream goes on after ``start``: its cursor had expired."""

    index: int
    reason: str
    start: int


@dataclass(frozen=True, slots=True)
class Leg:
    """From entry ``index`` on the stream was read in ``session``."""

    index: int
    session: str


@dataclass(slots=True)
class Track:
    """
    One topic as one follower was told it, first after the offset ``start``.

    Entry *n* is the event at ``offsets[n]``, known by ``marks[n]``, received at ``times[n]``.
    """

    topic: str
    start: int
    offsets: array[int] = field(default_factory=lambda: array("q"))
    marks: array[int] = field(default_factory=lambda: array("Q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    jumps: list[Jump] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)

    @property
    def position(self) -> int:
        last = self.offsets[-1] if self.offsets else self.start
        if self.jumps and self.jumps[-1].index == len(self.offsets):
            return self.jumps[-1].start
        return last

    def note(self, offset: int, mark: int, at: float) -> None:
        self.offsets.append(offset)
        self.marks.append(mark)
        self.times.append(at)

    def first_past(self, offset: int) -> float | None:
        """When the first event beyond ``offset`` came; only the newest entries are looked at."""
        index = bisect_right(self.offsets, offset, lo=max(0, len(self.offsets) - 5_000))
        return self.times[index] if index < len(self.times) else None


@dataclass(slots=True)
class Diary:
    """
    The tracks of one follower.

    ``leaks`` are what it was told that is for owners only, without being one.
    ``epochs`` are those of all cursors that it was given.
    """

    name: str
    user_id: int
    topics: Sequence[str]
    room_id: int | None
    tracks: Mapping[str, Track] = field(default_factory=dict)
    leaks: list[Told] = field(default_factory=list)
    epochs: set[str] = field(default_factory=set)

    @property
    def deliveries(self) -> int:
        return sum(len(track.offsets) for track in self.tracks.values()) + len(self.leaks)

    def begin(self, position: Position, reason: str) -> None:
        """Start after ``position``, or go on there because the last one expired for ``reason``."""
        self.epochs.add(position.epoch)
        starts = dict(zip(self.topics, position.offsets, strict=True))
        if not self.tracks:
            self.tracks = {topic: Track(topic, start) for topic, start in starts.items()}
            return
        for topic, track in self.tracks.items():
            track.jumps.append(Jump(len(track.offsets), reason, starts[topic]))

    def begin_leg(self, session: str) -> None:
        for track in self.tracks.values():
            track.legs.append(Leg(len(track.offsets), session))

    def note(self, told: Told, position: Position, at: float) -> None:
        self.epochs.add(position.epoch)
        index = 1 if self.room_id is not None and told.kind in OWNERS_ONLY else 0
        if index >= len(self.topics) or index >= len(position.offsets):
            self.leaks.append(told)
            return
        self.tracks[self.topics[index]].note(position.offsets[index], told.mark, at)
