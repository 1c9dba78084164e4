"""The snapshot that an operation reads from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from realtime.snapshot import snapshot


class Reads:
    """
    One operation's view of the database: one moment for a query, and for a
    mutation one moment after each of its changes.

    Belongs to the worker thread that runs the operation.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._afterwards: list[Callable[[], object]] = []

    def begin(self) -> None:
        self._open.enter_context(snapshot())

    def end(self) -> None:
        self._open.close()
        while self._afterwards:
            self._afterwards.pop()()

    def afterwards(self, work: Callable[[], object]) -> None:
        """Do ``work``, which may write, when this snapshot is over."""
        self._afterwards.append(work)
