"""Channel layers as bad as layers get, and one that counts."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from channels.layers import InMemoryChannelLayer

Message = dict[str, Any]


class Counting(InMemoryChannelLayer):  # type: ignore[misc]  # channels has no types
    """Does what it should, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(capacity=10_000)
        self.channels_made: list[str] = []
        self.sent: list[tuple[str, Message]] = []

    async def new_channel(self, prefix: str = "specific.") -> str:
        channel: str = await super().new_channel(prefix)
        self.channels_made.append(channel)
        return channel

    async def group_send(self, group: str, message: Message) -> None:
        self.sent.append((group, message))
        await super().group_send(group, message)


class Dropping(Counting):
    """Loses everything and says nothing."""

    async def group_send(self, group: str, message: Message) -> None:
        self.sent.append((group, message))


class Distorting(Counting):
    """Repeats, reorders, delays and loses, by chance but the same at each run."""

    def __init__(self) -> None:
        super().__init__()
        self.chance = random.Random(7)

    async def group_send(self, group: str, message: Message) -> None:
        self.sent.append((group, message))
        for _ in range(self.chance.randrange(4)):
            await InMemoryChannelLayer.group_send(self, *self.chance.choice(self.sent))


class Failing(Counting):
    """Raises whatever it is asked, as a client library does without its server."""

    async def receive(self, channel: str) -> Message:
        raise ConnectionError("away")

    async def group_add(self, group: str, channel: str) -> None:
        raise ConnectionError("away")

    async def group_discard(self, group: str, channel: str) -> None:
        raise ConnectionError("away")

    async def group_send(self, group: str, message: Message) -> None:
        raise ConnectionError("away")


class Hanging(Counting):
    """Never answers, as a paused server."""

    async def receive(self, channel: str) -> Message:
        return await self._answer()

    async def group_add(self, group: str, channel: str) -> None:
        await self._answer()

    async def group_discard(self, group: str, channel: str) -> None:
        await self._answer()

    async def group_send(self, group: str, message: Message) -> None:
        await self._answer()

    async def _answer(self) -> Message:
        never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        return await never


class Mute(Hanging):
    """Never even gives out a channel."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        await self._answer()
        raise AssertionError


FAULTY = [Dropping, Distorting, Failing, Hanging, Mute]
