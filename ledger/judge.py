"""
The judge: what each follower was told, against the log.

Four things can be wrong with a delivery. It is *lost* if it was due and never came,
*repeated* if it came before, *out of order* if a later one came first, and
*unauthorised* if who received it had no right to it, or it is not the log's event at
its offset. Each is counted once for each follower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.book import Book
from ledger.diary import Diary, Track
from ledger.frames import mark_of
from ledger.rights import Rights, members_by_the_log, rights
from ledger.truth import Truth

SESSION_GRACE = 5.0
"""G10: how long after its end a session's sockets may still be told something."""

_EXAMPLES = 12


@dataclass
class Verdict:
    """The four figures, what they are counted over, and the first examples of each."""

    committed: int = 0
    expected: int = 0
    made: int = 0
    lost: int = 0
    repeated: int = 0
    out_of_order: int = 0
    unauthorised: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.repeated or self.out_of_order or self.unauthorised)

    def blame(self, wrong: str, count: int, why: str) -> None:
        """Count ``count`` under the figure that is named ``wrong``."""
        if count:
            setattr(self, wrong, getattr(self, wrong) + count)
            if len(self.examples) < _EXAMPLES:
                self.examples.append(f"{count} {wrong.replace('_', ' ')}: {why}")


def judge(truth: Truth, diaries: Iterable[Diary], book: Book) -> Verdict:
    """Judge everything, when all that was due has had its time to come."""
    verdict = Verdict(committed=truth.committed)
    _judge_log(truth, verdict)
    _judge_sends(truth, book, verdict)
    _judge_renames(truth, book, verdict)
    for diary in diaries:
        for told in diary.leaks:
            verdict.blame("unauthorised", 1, f"{diary.name} was told {told.kind}")
        verdict.made += len(diary.leaks)
        for track in diary.tracks.values():
            _judge_track(truth, diary, track, verdict)
    return verdict


def _judge_log(truth: Truth, verdict: Verdict) -> None:
    """The log has no holes, and tells of every coming and going."""
    for topic, head in truth.heads.items():
        offsets = [event.offset for event in truth.events.get(topic, ())]
        missing = len(set(range(1, head + 1)) - set(offsets))
        verdict.blame("lost", missing, f"offsets of {topic} that the log does not have")
        verdict.blame("repeated", len(offsets) - len(set(offsets)), f"offsets of {topic}")
    told = {(room, user) for room, users in members_by_the_log(truth).items() for user in users}
    untold = told ^ set(truth.members)
    verdict.blame("lost", len(untold), f"comings and goings without an event: {sorted(untold)}")


def _judge_sends(truth: Truth, book: Book, verdict: Verdict) -> None:
    """What was acknowledged is in the log exactly once, everything else at most once."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for topic, events in truth.events.items():
        for event in events:
            if event.client_mutation_id is not None:
                found.setdefault(event.client_mutation_id, []).append((topic, event.text))
    for name, send in book.sends.items():
        copies = found.pop(name, [])
        verdict.blame("repeated", len(copies) - 1 if copies else 0, f"{name} in the log")
        verdict.blame("repeated", max(0, len(send.message_ids) - 1), f"answers to {name}")
        if send.is_acknowledged:
            right = (f"room.{send.room_id}", send.text) in copies
            verdict.blame("lost", 0 if right else 1, f"{name}, which was acknowledged")
    verdict.blame("unauthorised", len(found), f"sends that nobody made: {sorted(found)[:3]}")


def _judge_renames(truth: Truth, book: Book, verdict: Verdict) -> None:
    for room_id, titles in book.titles.items():
        marks = {event.mark for event in truth.events.get(f"room.{room_id}", ())}
        missing = [each for each in titles if mark_of("room_renamed", room_id, each) not in marks]
        verdict.blame("lost", len(missing), f"acknowledged titles of room {room_id}: {missing}")


def _judge_track(truth: Truth, diary: Diary, track: Track, verdict: Verdict) -> None:
    held = rights(truth, diary.user_id, track.topic)
    where = f"{diary.name}, {track.topic}"
    verdict.made += len(track.offsets)
    for segment in _segments(truth, track, held):
        _judge_segment(track, segment, where, verdict)
    _judge_jumps(truth, diary, track, where, verdict)
    strangers = sum(not _is_the_logs(truth, track, n) for n in range(len(track.offsets)))
    verdict.blame("unauthorised", strangers, f"not the log's events at these offsets: {where}")
    trespasses = sum(
        not held.allow(offset, at) for offset, at in zip(track.offsets, track.times, strict=True)
    )
    verdict.blame("unauthorised", trespasses, f"no right at these offsets: {where}")
    verdict.blame("unauthorised", _after_the_session(truth, track), f"signed out: {where}")


class _Segment(NamedTuple):
    """Entries ``first`` to ``last`` must be just the events after ``start`` up to ``end``."""

    first: int
    last: int
    start: int
    end: int


def _segments(truth: Truth, track: Track, held: Rights) -> Iterator[_Segment]:
    first, start = 0, track.start
    for jump in track.jumps:
        yield _Segment(first, jump.index, start, _reached(track, first, jump.index, start))
        first, start = jump.index, jump.start
    last = len(track.offsets)
    end = _reached(track, first, last, start)
    # Who is out in the end is due nothing more than what had been told when the right was gone.
    yield _Segment(first, last, start, truth.head(track.topic) if held.hold_at_the_end else end)


def _reached(track: Track, first: int, last: int, start: int) -> int:
    return max(track.offsets[first:last], default=start)


def _judge_segment(track: Track, segment: _Segment, where: str, verdict: Verdict) -> None:
    seen: set[int] = set()
    highest = segment.start
    repeated = out_of_order = 0
    for offset in track.offsets[segment.first : segment.last]:
        if offset in seen or offset <= segment.start:
            repeated += 1
        elif offset < highest:
            out_of_order += 1
        seen.add(offset)
        highest = max(highest, offset)
    due = segment.end - segment.start
    came = sum(segment.start < offset <= segment.end for offset in seen)
    verdict.expected += due
    verdict.blame("lost", due - came, f"{where}, of {segment.start + 1} to {segment.end}")
    verdict.blame("repeated", repeated, where)
    verdict.blame("out_of_order", out_of_order, where)


def _judge_jumps(truth: Truth, diary: Diary, track: Track, where: str, verdict: Verdict) -> None:
    """A cursor may expire only if what came after it was pruned, or the epoch has changed."""
    first, start = 0, track.start
    for jump in track.jumps:
        position = _reached(track, first, jump.index, start)
        if not _may_expire(truth, diary, jump.reason):
            why = f"{where}: {jump.reason} at {position} without a reason"
            verdict.blame("lost", max(1, jump.start - position), why)
        first, start = jump.index, jump.start


def _may_expire(truth: Truth, diary: Diary, reason: str) -> bool:
    if reason == "EPOCH":
        return len(diary.epochs) > 1
    # Only a topic that was pruned beyond one of the positions held explains RETENTION.
    return reason == "RETENTION" and any(
        truth.floors.get(topic, 0) > min([track.start, *(jump.start for jump in track.jumps)])
        for topic, track in diary.tracks.items()
    )


def _is_the_logs(truth: Truth, track: Track, index: int) -> bool:
    events = truth.events.get(track.topic, ())
    offset = track.offsets[index]
    return 0 < offset <= len(events) and events[offset - 1].mark == track.marks[index]


def _after_the_session(truth: Truth, track: Track) -> int:
    """What was committed well after the end of the session in which it was read."""
    events = truth.events.get(track.topic, ())
    ends = [*(leg.index for leg in track.legs[1:]), len(track.offsets)]
    count = 0
    for leg, end in zip(track.legs, ends, strict=True):
        over = truth.ended_sessions.get(leg.session)
        if over is not None:
            told = (events[n - 1] for n in track.offsets[leg.index : end] if 0 < n <= len(events))
            count += sum(event.at > over + SESSION_GRACE for event in told)
    return count
