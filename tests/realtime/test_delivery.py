"""Renderings: made once, bounded, and gone with what was rendered."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from realtime import delivery
from realtime.delivery import _BESIDES, CaughtUp, Delivery, Renderings
from realtime.event import Event

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _renderings_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(delivery, "_kept", Renderings())
    return


def delivered(offset: int) -> Delivery:
    return Delivery(Event("t", offset, "number", 1, {}, AT), f"cursor-{offset}")


class Renderer:
    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.rendered: list[str] = []

    def __call__(self, told: Delivery | CaughtUp) -> bytes:
        self.rendered.append(told.cursor)
        return b"x" * self.size


def test_what_is_told_to_many_is_rendered_once_in_each_form() -> None:
    told, render = delivered(1), Renderer()

    texts = [told.rendered(form, render) for form in ("a", "b", "a", "a", "b")]

    assert texts == [b"x" * 10] * 5
    assert render.rendered == ["cursor-1"] * 2


def test_equal_deliveries_do_not_share_by_being_equal() -> None:
    render = Renderer()

    delivered(1).rendered("a", render)
    delivered(1).rendered("a", render)

    assert len(render.rendered) == 2


@pytest.mark.limits(renderings_bytes=10 * (10 + _BESIDES))
def test_all_renderings_together_keep_no_more_than_their_bound() -> None:
    """G7: the oldest goes first, and is made again if it is asked for."""
    everyone, render = [delivered(offset) for offset in range(20)], Renderer()
    for told in everyone:
        told.rendered("a", render)

    assert sum(len(told._renderings) for told in everyone) == 10
    assert delivery._kept._bytes == 10 * (10 + _BESIDES)
    render.rendered.clear()
    everyone[19].rendered("a", render)
    everyone[0].rendered("a", render)
    assert render.rendered == ["cursor-0"]


@pytest.mark.limits(renderings_bytes=100 + _BESIDES)
def test_a_rendering_that_is_larger_than_the_bound_is_not_kept() -> None:
    told, render = delivered(1), Renderer(size=101)

    assert len(told.rendered("a", render)) == 101
    assert not told._renderings
    assert delivery._kept._bytes == 0


def test_a_rendering_keeps_no_event_in_memory() -> None:
    """G7: else the bound of the Tails would be none."""
    told = delivered(1)
    told.rendered("a", Renderer())
    event, mark = weakref.ref(told), CaughtUp("cursor-1", AT)
    mark.rendered("a", Renderer())

    del told
    gc.collect()

    assert event() is None
