from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """What was made for the last ``size`` keys. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: OrderedDict[K, V] = OrderedDict()

    def known(self, key: K) -> V | None:
        """Return what was made for ``key``, if that is remembered."""
        return self._made.get(key)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return what was made for ``key``, or else make it."""
        try:
            return self._made[key]
        except KeyError:
            made = self._made[key] = make()
        while len(self._made) > self._size:
            self._made.popitem(last=False)
        return made
