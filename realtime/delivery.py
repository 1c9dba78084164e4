"""What followers are told, and what it looks like on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from weakref import ref

from realtime.conf import limits
from realtime.event import Event

T = TypeVar("T", bound="Renderable")

_BESIDES = 300
"""Bytes that keeping a text takes besides the text, which may be shorter."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Renderable:
    """
    Something that is told to many in the same form, and so is rendered once.

    What it was rendered to lives with it, as far as ``renderings_bytes`` allows.
    """

    _renderings: dict[object, bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rendered(self: T, form: object, render: Callable[[T], bytes]) -> bytes:
        """
        Return what ``render`` made of this when it was first asked for in this form.

        ``form`` is kept as long as the text, so it should be small.
        """
        try:
            return self._renderings[form]
        except KeyError:
            text = self._renderings[form] = render(self)
            _kept.add(self, form, len(text) + _BESIDES)
            return text

    def forget(self, form: object) -> None:
        self._renderings.pop(form, None)


@dataclass(frozen=True, slots=True)
class Delivery(Renderable):
    """
    The next event; ``cursor`` is the position just after it.

    Where the cursor is the same for many followers, so is the delivery.
    """

    event: Event
    cursor: str


@dataclass(frozen=True, slots=True)
class CaughtUp(Renderable):
    """The replay is done: what follows is live. Those who are so together share it."""

    cursor: str
    at: datetime


class Renderings:
    """
    Bounds what the renderings of a process take up: the oldest goes first.

    What was rendered is not kept: an event that the Tails have dropped takes its
    renderings with it.
    """

    def __init__(self) -> None:
        self._oldest: deque[tuple[ref[Renderable], object, int]] = deque()
        self._bytes = 0

    def add(self, told: Renderable, form: object, size: int) -> None:
        self._oldest.append((ref(told), form, size))
        self._bytes += size
        while self._bytes > limits().renderings_bytes:
            oldest, its_form, its_size = self._oldest.popleft()
            self._bytes -= its_size
            if (forgotten := oldest()) is not None:
                forgotten.forget(its_form)


_kept = Renderings()
