"""Pulling: the same events as a stream, one page at a time."""

from __future__ import annotations

import pytest

from realtime import cursors, epoch, log
from realtime.cursors import Cursor
from realtime.errors import InvalidCursor, Refused
from realtime.pull import Page, pull
from realtime.snapshot import snapshot
from tests.realtime.conftest import Door, restore, write

pytestmark = pytest.mark.django_db(transaction=True)


def at(**positions: int) -> str:
    return cursors.encode(Cursor(log.marks([]).epoch, tuple(positions.values())), list(positions))


def page(after: str, *topics: str, limit: int = 100, door: Door | None = None) -> Page:
    with snapshot():
        return pull(topics or ("t",), after=after, limit=limit, gate=door or Door(), claim="ann")


def numbers(page: Page) -> list[int]:
    return [delivery.event.data["n"] for delivery in page.deliveries]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.limits(page_size=2)
def test_pages_put_together_are_the_log(limit: int) -> None:
    """G1, G2."""
    write("t", *range(1, 8))
    pages = [page(at(t=0), limit=limit)]

    while pages[-1].has_more:
        pages.append(page(pages[-1].cursor, limit=limit))

    assert [number for each in pages for number in numbers(each)] == list(range(1, 8))
    assert all(each.deliveries for each in pages)


@pytest.mark.limits(page_size=2)
def test_pages_of_two_topics_put_together_are_both_logs() -> None:
    """G2."""
    write("a", *range(1, 6))
    write("b", *range(11, 16))
    pages = [page(at(a=1, b=0), "a", "b", limit=3)]

    while pages[-1].has_more:
        pages.append(page(pages[-1].cursor, "a", "b", limit=3))

    pulled = [number for each in pages for number in numbers(each)]
    assert [number for number in pulled if number < 10] == [2, 3, 4, 5]
    assert [number for number in pulled if number > 10] == [11, 12, 13, 14, 15]


def test_one_can_go_on_after_any_delivery_of_a_page() -> None:
    """G1: the cursor of a delivery is the position just after it."""
    write("a", 1, 2)
    write("b", 11, 12)
    first = page(at(a=0, b=0), "a", "b")

    rests = [numbers(page(each.cursor, "a", "b")) for each in first.deliveries]

    assert rests == [[2, 11, 12], [11, 12], [12], []]
    assert first.deliveries[-1].cursor == first.cursor


def test_at_the_head_there_is_nothing_and_no_more() -> None:
    write("t", 1)
    after = at(t=1)

    assert page(after) == Page([], after, has_more=False, epoch=log.marks([]).epoch)


def test_the_refused_are_told_nothing() -> None:
    """G5."""
    write("t", 1)

    with pytest.raises(Refused, match="banned"):
        page(at(t=0), door=Door(banned={"ann": "banned"}))


def test_a_cursor_of_other_topics_is_invalid() -> None:
    after = at(a=0)

    with pytest.raises(InvalidCursor):
        page(after, "b")


def test_an_expired_cursor_gives_its_reason_and_stays() -> None:
    """G8."""
    write("t", 1, 2)
    behind, ahead = at(t=0), at(t=9)
    log_was_cut = "RETENTION"
    from realtime.retention import prune
    from tests.realtime.test_retention import NEVER

    prune(before=NEVER, keep=1)
    pages = [page(behind), page(ahead)]
    epoch.rotate()
    pages.append(page(behind))

    assert [each.expired for each in pages] == [log_was_cut, "AHEAD", "EPOCH"]
    assert [each.cursor for each in pages] == [behind, ahead, behind]
    assert not any(each.deliveries or each.has_more for each in pages)


def test_a_restored_log_is_not_pulled_from_a_position_beyond_it() -> None:
    write("t", 1, 2, 3)
    after = at(t=3)

    restore("t", 1)

    assert page(after).expired == "AHEAD"
