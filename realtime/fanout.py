"""Rings over a Channels layer: one channel and one receive loop for the whole process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings

from realtime.background import forever
from realtime.conf import limits
from realtime.event import Event
from realtime.memberships import Memberships

Message = Mapping[str, Any]

_OUTBOX_GROUPS = 10_000
_SENDS_AT_ONCE = 32
_EVENTS_A_RING = 50
_STOPPING_TRIES = 3
# That one of ten hosts gets none of these has a chance of one in two million.
_KNOCKS_A_HOST = 16


def ring_of(epoch: str, event: Event) -> dict[str, Any]:
    """Return the ring for ``event``, which carries the event if that is small."""
    data = json.dumps(event.data)
    fits = len(data) <= limits().ring_event_bytes
    at = event.occurred_at.isoformat()
    carried = [[event.offset, event.kind, event.version, data, at]] if fits else []
    return {"epoch": epoch, "head": event.offset, "events": carried}


def events_of(topic: str, ring: Message) -> list[Event]:
    """Return the events that ``ring`` carries, in the order of their offsets."""
    return [
        Event(topic, offset, kind, version, json.loads(data), datetime.fromisoformat(at))
        for offset, kind, version, data, at in sorted(ring["events"])
    ]


def reaches_other_processes() -> bool:
    return not isinstance(get_channel_layer(), InMemoryChannelLayer)


async def ring_now(group: str, ring: Message) -> None:
    """
    Ring everyone in ``group``.

    Raises:
        TimeoutError: If it takes longer than ``ring_deadline``.

    """
    layer, message = get_channel_layer(), {"type": "ring", "group": group, **ring}
    async with asyncio.timeout(limits().ring_deadline):
        try:
            await layer.group_send(group, message)
        except Exception:  # noqa: BLE001  # a layer raises whatever its client library does
            # A connection that ended with its server is found out by using it, once.
            await layer.group_send(group, message)


async def knock() -> None:
    """
    Ring groups that nobody is in, at every host of the layer; raise if one does not take it.

    Which host carries a group is the layer's secret, a hash of its name. So the names
    are random, and many enough to meet every host.
    """
    configured: dict[str, Any] = settings.CHANNEL_LAYERS["default"]
    hosts = len(configured.get("CONFIG", {}).get("hosts", ()))
    knocks = _KNOCKS_A_HOST * hosts if hosts > 1 else 1
    await asyncio.gather(*(ring_now(f"knock.{uuid4().hex}", {}) for _ in range(knocks)))


class Fanout:
    """
    Joins and leaves groups and carries rings, on the event loop that starts it.

    No caller waits for the layer, and no trouble with it reaches one: what fails
    is told to ``on_trouble`` and tried again.
    """

    def __init__(
        self,
        *,
        on_ring: Callable[[str, Message], None],
        on_joined: Callable[[], None],
        on_trouble: Callable[[], None],
    ) -> None:
        self._on_ring = on_ring
        self._on_joined = on_joined
        self._on_trouble = on_trouble
        self._memberships = Memberships(join=self._join, leave=self._leave)
        self._outbox: dict[str, dict[str, Any]] = {}
        self._outbox_filled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._channel: asyncio.Future[str] = self._loop.create_future()
        steps = {
            "Receiving rings": self._receive,
            "Beginning to join groups": self._memberships.begin,
            "Joining groups": self._memberships.retry,
            "Renewing memberships": self._memberships.renew,
        }
        self._tasks = [
            asyncio.create_task(forever(step, name=name, on_failure=self._on_trouble), name=name)
            for name, step in steps.items()
        ]
        sending = forever(self._send, name="Ringing", on_failure=self._lose_rings)
        self._tasks.append(asyncio.create_task(sending, name="Ringing"))

    async def stop(self) -> None:
        """Stop within a few seconds, whatever state the layer is in."""
        running: set[asyncio.Task[None]] = set(self._tasks)
        for _ in range(_STOPPING_TRIES):
            # More than once: a layer that is told to stop receiving may wait for a
            # server that does not answer, and only another cancellation ends that.
            for task in running:
                task.cancel()
            if running:
                _, running = await asyncio.wait(running, timeout=limits().ring_deadline)

    def join(self, group: str) -> None:
        """Begin to receive what is rung on ``group``; ``on_joined`` tells when that holds."""
        self._memberships.want(group)

    def leave(self, group: str) -> None:
        self._memberships.forgo(group)

    def ring_soon(self, group: str, ring: Message) -> None:
        """Ring ``group`` from any thread."""
        with suppress(RuntimeError):  # The loop is closed: nobody is left to hear it.
            self._loop.call_soon_threadsafe(self._post, group, ring)

    def _post(self, group: str, ring: Message) -> None:
        if group in self._outbox:
            self._outbox[group] = _merged(self._outbox[group], ring)
        elif len(self._outbox) < _OUTBOX_GROUPS:
            self._outbox[group] = dict(ring)
        self._outbox_filled.set()

    async def _receive(self) -> None:
        layer = get_channel_layer()
        if not self._channel.done():
            self._channel.set_result(await self._new_channel())
        message = await layer.receive(self._channel.result())
        self._on_ring(message["group"], message)

    async def _new_channel(self) -> str:
        # With a deadline: the next name may lie with another host, which does answer.
        async with asyncio.timeout(limits().ring_deadline):
            channel: str = await get_channel_layer().new_channel("realtime")
            return channel

    async def _join(self, group: str) -> None:
        channel = await asyncio.shield(self._channel)
        async with asyncio.timeout(limits().ring_deadline):
            await get_channel_layer().group_add(group, channel)
        self._on_joined()

    async def _leave(self, group: str) -> None:
        channel = await asyncio.shield(self._channel)
        async with asyncio.timeout(limits().ring_deadline):
            await get_channel_layer().group_discard(group, channel)

    async def _send(self) -> None:
        await self._outbox_filled.wait()
        self._outbox_filled.clear()
        while self._outbox:
            groups = list(self._outbox)[:_SENDS_AT_ONCE]
            rings = [(group, self._outbox.pop(group)) for group in groups]
            sent = await asyncio.gather(
                *(ring_now(group, ring) for group, ring in rings), return_exceptions=True
            )
            failures = [each for each in sent if isinstance(each, BaseException)]
            if len(failures) == len(sent):
                raise failures[0]
            if failures:
                # Another host takes its rings all the same.
                self._on_trouble()

    def _lose_rings(self) -> None:
        # What could not be rung is in the log, and the heads check finds it.
        self._outbox.clear()
        # Nor is there anything left to send, and so to succeed with.
        self._outbox_filled.clear()
        self._on_trouble()


def _merged(first: Message, second: Message) -> dict[str, Any]:
    """Return one ring that says what two said, as far as that fits into one."""
    if first.get("epoch") != second.get("epoch"):
        return dict(second)
    events = [*first.get("events", ()), *second.get("events", ())]
    head = max(first.get("head", 0), second.get("head", 0))
    return {**second, "head": head, "events": events if len(events) <= _EVENTS_A_RING else []}
