"""A channel layer that does whatever chance says, but the same for the same seed."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

from channels.layers import InMemoryChannelLayer

Message = dict[str, Any]


class Faulty(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    """
    Loses, repeats and reorders: of what was sent lately, each send delivers none to three.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(capacity=10_000)
        self._chance = random.Random(seed)
        self._lately: deque[tuple[str, Message]] = deque(maxlen=8)

    async def group_send(self, group: str, message: Message) -> None:
        self._lately.append((group, message))
        for _ in range(self._chance.choice((0, 0, 1, 1, 2, 3))):
            await super().group_send(*self._chance.choice(self._lately))


class Dropping(InMemoryChannelLayer):  # type: ignore[misc]  # as above
    """Loses everything and says nothing."""

    async def group_send(self, group: str, message: Message) -> None:
        pass
