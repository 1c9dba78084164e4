"""An event on its way to followers, and what it looks like on the wire."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from realtime.conf import limits
from realtime.event import Event


@dataclass(frozen=True, slots=True)
class Delivery:
    """
    The next event of a stream; ``cursor`` is the position just after it.

    Where the cursor is the same for many followers, so is the delivery, and with it
    all that it was rendered to.
    """

    event: Event
    cursor: str
    _renderings: dict[object, bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def rendered(self, form: object, render: Callable[[Delivery], bytes]) -> bytes:
        """Return what ``render`` made of this delivery when it was first asked for in this form."""
        try:
            return self._renderings[form]
        except KeyError:
            text = self._renderings[form] = render(self)
            _kept.add(self, form, len(text))
            return text

    def forget(self, form: object) -> None:
        self._renderings.pop(form, None)


class Renderings:
    """Bounds what the renderings of a process take up: the oldest goes first."""

    def __init__(self) -> None:
        self._oldest: deque[tuple[Delivery, object, int]] = deque()
        self._bytes = 0

    def add(self, delivery: Delivery, form: object, size: int) -> None:
        self._oldest.append((delivery, form, size))
        self._bytes += size
        while self._bytes > limits().renderings_bytes:
            forgotten, its_form, its_size = self._oldest.popleft()
            forgotten.forget(its_form)
            self._bytes -= its_size


_kept = Renderings()
