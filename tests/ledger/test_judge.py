"""The judge must see each wrong: a ledger that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from ledger.book import Book, Send
from ledger.diary import Diary
from ledger.frames import Position, Told, mark_of
from ledger.judge import Verdict, judge
from ledger.truth import Committed, Truth

OWNER, MEMBER = 1, 2
ROOM, OWNERS = "room.7", "room.7.owner"
SENT = {3: "a", 4: "b", 5: "c", 8: "d"}


def message(offset: int) -> Committed:
    text = SENT[offset]
    mark = mark_of("message_sent", offset, text)
    return Committed(offset, "message_sent", mark, float(offset), None, f"send-{text}", text)


def coming(offset: int, kind: str) -> Committed:
    return Committed(offset, kind, mark_of(kind, MEMBER), float(offset), MEMBER)


# The member comes at 2, goes at 6 and comes again at 9; 7 is a title.
LOG = {
    ROOM: [
        Committed(1, "room_renamed", mark_of("room_renamed", 7, "First"), 1.0),
        coming(2, "member_joined"),
        *(message(offset) for offset in (3, 4, 5)),
        coming(6, "member_left"),
        Committed(7, "room_renamed", mark_of("room_renamed", 7, "Second"), 7.0),
        message(8),
        coming(9, "member_joined"),
    ],
    OWNERS: [Committed(1, "join_request_created", mark_of("join_request_created", 5), 1.5)],
}
TRUTH = Truth(LOG, {ROOM: 9, OWNERS: 1}, {}, {(7, OWNER), (7, MEMBER)}, {7: OWNER}, "e1")
BOOK = Book(sends={f"send-{text}": Send(7, text, {offset}) for offset, text in SENT.items()})
BACK_AGAIN = 9.5


def told_owner(offsets: Sequence[int]) -> Diary:
    """What the owner was told of the room, from its beginning."""
    diary = Diary("owner", OWNER, (ROOM, OWNERS), 7)
    diary.begin(Position("e1", (0, 0)), "")
    diary.begin_leg("session")
    diary.note(Told("join_request_created", LOG[OWNERS][0].mark, ""), Position("e1", (0, 1)), 2.0)
    for offset in offsets:
        hear(diary, offset, at=offset + 0.1)
    return diary


def told_member(*legs: tuple[float, Sequence[int]]) -> Diary:
    """What the member was told after coming in: times, and the offsets that came then."""
    diary = Diary("member", MEMBER, (ROOM,), 7)
    diary.begin(Position("e1", (2,)), "")
    diary.begin_leg("session")
    for at, offsets in legs:
        for offset in offsets:
            hear(diary, offset, at=at)
    return diary


def hear(diary: Diary, offset: int, *, at: float) -> None:
    event = LOG[ROOM][offset - 1]
    position = Position("e1", (offset, 1) if len(diary.topics) > 1 else (offset,))
    diary.note(Told(event.kind, event.mark, ""), position, at)


def figures(verdict: Verdict) -> dict[str, int]:
    names = ("lost", "repeated", "out_of_order", "unauthorised")
    return {name: count for name in names if (count := getattr(verdict, name))}


def verdict_on(*diaries: Diary, truth: Truth = TRUTH, book: Book = BOOK) -> Verdict:
    return judge(truth, diaries, book)


ALL = tuple(range(1, 10))
MEMBERS_OWN = ((5.5, (3, 4, 5)), (BACK_AGAIN, (6, 7, 8, 9)))


def test_what_was_told_once_in_order_to_those_who_may_is_clean() -> None:
    verdict = verdict_on(told_owner(ALL), told_member(*MEMBERS_OWN))

    assert verdict.is_clean
    assert (verdict.committed, verdict.expected, verdict.made) == (10, 17, 17)


@pytest.mark.parametrize(
    ("offsets", "wrong"),
    [
        ((1, 2, 3, 5, 6, 7, 8, 9), {"lost": 1}),
        ((1, 2, 3, 4, 5, 6, 7), {"lost": 2}),
        ((), {"lost": 9}),
        ((1, 2, 3, 3, 4, 5, 6, 7, 8, 9), {"repeated": 1}),
        ((*ALL, 9, 4), {"repeated": 2}),
        ((1, 2, 4, 3, 5, 6, 7, 8, 9), {"out_of_order": 1}),
        ((9, *ALL[:-1]), {"out_of_order": 8}),
        ((1, 2, 4, 3, 3, 6, 7, 8, 9), {"lost": 1, "repeated": 1, "out_of_order": 1}),
    ],
)
def test_lost_repeated_and_reordered_deliveries_are_seen(
    offsets: Sequence[int], wrong: dict[str, int]
) -> None:
    assert figures(verdict_on(told_owner(offsets))) == wrong


def test_what_a_removed_member_is_told_before_coming_back_is_unauthorised() -> None:
    diary = told_member((5.5, (3, 4, 5)), (8.5, (6, 7, 8)), (BACK_AGAIN, (9,)))

    assert figures(verdict_on(diary)) == {"unauthorised": 3}


def test_what_comes_after_a_cut_is_due_only_to_those_who_are_members_in_the_end() -> None:
    left_for_good = replace(
        TRUTH,
        events={**LOG, ROOM: LOG[ROOM][:8]},
        heads={ROOM: 8, OWNERS: 1},
        members={(7, OWNER)},
    )

    assert figures(verdict_on(told_member((5.5, (3, 4))), truth=left_for_good)) == {}
    assert figures(verdict_on(told_member((5.5, (3, 4))))) == {"lost": 5}


def test_what_is_for_the_owner_is_unauthorised_to_a_member() -> None:
    diary = told_member(*MEMBERS_OWN)
    diary.note(Told("join_request_created", LOG[OWNERS][0].mark, ""), Position("e1", (9,)), 9.9)

    assert figures(verdict_on(diary)) == {"unauthorised": 1}


def test_another_event_than_the_logs_at_an_offset_is_unauthorised() -> None:
    diary = told_owner(ALL[:-1])
    diary.note(
        Told("message_sent", mark_of("message_sent", 99, "?"), ""), Position("e1", (9, 1)), 9.9
    )

    assert figures(verdict_on(diary)) == {"unauthorised": 1}


def test_what_is_told_long_after_the_session_is_unauthorised() -> None:
    ended = replace(TRUTH, ended_sessions={"session": 2.5})

    assert figures(verdict_on(told_owner(ALL), truth=ended)) == {"unauthorised": 2}


@pytest.mark.parametrize(
    ("reason", "floor", "wrong"),
    [
        ("RETENTION", 6, {}),
        ("RETENTION", 0, {"lost": 4}),
        ("EPOCH", 0, {"lost": 4}),
        ("AHEAD", 6, {"lost": 4}),
    ],
)
def test_a_cursor_that_expires_without_a_reason_has_lost_what_it_skips(
    reason: str, floor: int, wrong: dict[str, int]
) -> None:
    diary = told_member((5.5, (3, 4)))
    diary.begin(Position("e1", (8,)), reason)
    hear(diary, 9, at=BACK_AGAIN)

    assert figures(verdict_on(diary, truth=replace(TRUTH, floors={ROOM: floor}))) == wrong


def test_an_acknowledged_send_is_in_the_log_exactly_once() -> None:
    lost = Book(sends={**BOOK.sends, "send-e": Send(7, "e", {12})})
    unconfirmed = Book(sends={**BOOK.sends, "send-e": Send(7, "e")})
    doubled = [*LOG[ROOM][:-1], message(8)._replace(offset=9)]
    repeated = replace(TRUTH, events={**LOG, ROOM: doubled}, members={(7, OWNER)})

    assert figures(verdict_on(book=lost)) == {"lost": 1}
    assert figures(verdict_on(book=unconfirmed)) == {}
    assert figures(verdict_on(truth=repeated)) == {"repeated": 1}
    assert figures(verdict_on(book=Book())) == {"unauthorised": 4}


def test_two_answers_to_one_name_are_a_repetition() -> None:
    book = Book(sends={**BOOK.sends, "send-a": Send(7, "a", {3, 33})})

    assert figures(verdict_on(book=book)) == {"repeated": 1}


def test_an_acknowledged_title_is_in_the_log() -> None:
    book = Book(sends=BOOK.sends, titles={7: {"Second", "Third"}})

    assert figures(verdict_on(book=book)) == {"lost": 1}


def test_holes_in_the_log_and_changes_without_events_are_losses() -> None:
    hole = replace(TRUTH, events={**LOG, ROOM: LOG[ROOM][:6] + LOG[ROOM][7:]})
    untold = replace(TRUTH, members={*TRUTH.members, (7, 3)})

    assert figures(verdict_on(truth=hole)) == {"lost": 1}
    assert figures(verdict_on(truth=untold)) == {"lost": 1}
