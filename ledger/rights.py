"""Who had the right to which event, by the comings and goings that the log itself tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ledger.truth import Committed, Truth

ALWAYS = 2**62


class Stay(NamedTuple):
    """A membership: from the offset of its MemberJoined up to, not with, its MemberLeft."""

    joined: int
    joined_at: float
    left: int


@dataclass(frozen=True, slots=True)
class Rights:
    """
    One person's right to the events of one topic.

    G5: live, one receives an event only with the right at its offset; replayed, only
    with the right when the page is read. So what was told while one was out may be
    replayed to a member who has come back, and not before.
    """

    stays: Sequence[Stay]

    def allow(self, offset: int, received_at: float) -> bool:
        return any(
            stay.joined <= offset < stay.left
            or (offset < stay.joined and stay.joined_at <= received_at)
            for stay in self.stays
        )

    @property
    def hold_at_the_end(self) -> bool:
        return bool(self.stays) and self.stays[-1].left == ALWAYS


NONE = Rights(())
FOR_GOOD = Rights((Stay(0, 0.0, ALWAYS),))


def rights(truth: Truth, user_id: int, topic: str) -> Rights:
    """What ``user_id`` may be told of ``topic``."""
    kind, number, *rest = topic.split(".")
    if kind == "user":
        return FOR_GOOD if int(number) == user_id else NONE
    if truth.owners.get(int(number)) == user_id:
        return FOR_GOOD
    return NONE if rest else Rights(stays(truth.events.get(topic, ()), user_id))


def stays(events: Sequence[Committed], user_id: int) -> list[Stay]:
    found: list[Stay] = []
    for event in events:
        if event.user_id != user_id:
            continue
        if event.kind == "member_joined":
            found.append(Stay(event.offset, event.at, ALWAYS))
        elif event.kind == "member_left" and found:
            found[-1] = found[-1]._replace(left=event.offset)
    return found


def members_by_the_log(truth: Truth) -> Mapping[int, set[int]]:
    """Who is in which room, if every coming and going has its event."""
    found: dict[int, set[int]] = {room_id: {owner} for room_id, owner in truth.owners.items()}
    for room_id, inside in found.items():
        for event in truth.events.get(f"room.{room_id}", ()):
            if event.kind == "member_joined" and event.user_id is not None:
                inside.add(event.user_id)
            elif event.kind == "member_left" and event.user_id is not None:
                inside.discard(event.user_id)
    return found
