"""
The load: sockets that do nothing but count, written on asyncio's protocols.

A subscriber looks at the header of a frame and at the number in its text. The run
measures what that costs (:func:`benchmarks.measure.ceiling`), so that it can be seen
that the load is not what limits the servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol, cast

from benchmarks import frames
from benchmarks.feed import DIGITS, MARK, Feed

_PORTS_PER_ADDRESS = 5_000
_OPENED_WITHIN = 60.0


class Broken(Exception):
    """A server did not do what was asked of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """Say something, and wait for a frame that contains ``until``; for none if it is empty."""

    say: bytes
    until: bytes


class Dialogue(Protocol):
    """How a server is spoken to; the n-th client is always the same person."""

    @property
    def path(self) -> str: ...
    @property
    def subprotocol(self) -> str | None: ...
    def subscribing(self, n: int) -> Sequence[Step]: ...
    def writing(self, n: int) -> Sequence[Step]: ...
    def message(self, number: int, text: str) -> bytes: ...
    def is_answer(self, frame: bytes) -> bool:
        """Whether ``frame`` says that a message was taken; raises Broken if it was not."""
        ...


class _Socket(asyncio.Protocol):
    """What all of them share; ``rest`` is the beginning of a frame that is not whole."""

    transport: asyncio.Transport
    rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost(f"The server closed a socket: {exc}.")

    def lost(self, why: str) -> None:
        raise NotImplementedError

    def texts(self, data: bytes) -> Iterator[bytes]:
        """The texts that are whole by now; pings are answered on the way."""
        buffer = self.rest = self.rest + data
        for first, payload, end in frames.split(buffer):
            self.rest = buffer[end:]
            if first == frames.TEXT:
                yield payload
            else:
                self.control(first, payload)

    def control(self, first: int, payload: bytes) -> None:
        if first == frames.PING:
            self.transport.write(frames.pong(payload))
        elif first == frames.CLOSE:
            self.lost(f"The server closed a socket with {payload!r}.")


class Opening(_Socket):
    """
    Shakes hands, goes through the steps and leaves the socket to ``then``.

    ``opened`` is done when that has happened, or has an error.
    """

    def __init__(self, hello: bytes, steps: Sequence[Step], then: Subscriber | Writer) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self._hello = hello
        self._steps = iter(steps)
        self._then = then
        self._until = b""
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(self._hello)

    def data_received(self, data: bytes) -> None:
        if not self._is_upgraded:
            head, found, data = (self.rest + data).partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            self._upgrade(head)
        for text in self.texts(data):
            if self._until in text:
                self._go_on()
            elif b'"error' in text:
                self.lost(text.decode())
            if self.opened.done():
                break
        if self.opened.done() and self.rest:
            self._then.data_received(self.rest)

    def lost(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(Broken(why))

    def _upgrade(self, head: bytes) -> None:
        self.rest = b""
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self.lost(head.decode(errors="replace")[:200])
        self._is_upgraded = True
        self._go_on()

    def _go_on(self) -> None:
        step = next(self._steps, None)
        if step is not None:
            self._until = step.until
            if step.say:
                self.transport.write(frames.text(step.say))
            if step.until:
                return
        if not self.opened.done():
            self._then.transport = self.transport
            self.transport.set_protocol(self._then)
            self.opened.set_result(None)


class Subscriber(_Socket):
    """
    Counts what it is told and compares it with what the others are told.

    The k-th frame of an event must be, byte for byte, the k-th that somebody else was
    told; only whoever is told it first looks at what is in it. A server whose frames
    differ is not wrong: then it is the number that must be the same.
    """

    def __init__(self, feed: Feed) -> None:
        self.count = 0
        self.is_leaving = False
        self._feed = feed

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data, self.rest = self.rest + data, b""
        wire, at, length = self._feed.wire, 0, len(data)
        while at < length:
            if self.count < len(wire) and data.startswith(wire[self.count], at):
                at += len(wire[self.count])
                self._told()
            elif (end := self._read(data, at)) is not None:
                at = end
            else:
                self.rest = data[at:]
                return

    def _read(self, data: bytes, at: int) -> int | None:
        """Read one frame; give its end, or nothing if it is not whole."""
        found = frames.header(data, at)
        if found is None or found[1] > len(data):
            return None
        start, end = found
        mark = data.find(MARK, start, end)
        if data[at] != frames.TEXT:
            self.control(data[at], data[start:end])
        elif mark >= 0:
            number = int(data[mark + 1 : mark + 1 + DIGITS])
            self._feed.note(self.count, number, data[at:end])
            self._told()
        return end

    def _told(self) -> None:
        feed = self._feed
        if feed.is_timed:
            feed.latencies.append(perf_counter() - feed.sent_at[feed.order[self.count]])
        self.count += 1
        feed.total += 1
        if feed.total >= feed.target:
            feed.reached()

    def lost(self, why: str) -> None:
        if not self.is_leaving:
            self._feed.complain(why)

    def leave(self) -> None:
        self.is_leaving = True
        self.transport.abort()


class Writer(_Socket):
    """Sends one message at a time."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._sent = 0
        self._answer: asyncio.Future[None] | None = None

    async def send(self, text: str, *, within: float = 60.0) -> None:
        """
        Send a message and wait until the server says that it has taken it.

        Raises:
            Broken: If it says something else.
            TimeoutError: If it says nothing.

        """
        self._sent += 1
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(frames.text(self._dialogue.message(self._sent, text)))
        async with asyncio.timeout(within):
            await self._answer

    def data_received(self, data: bytes) -> None:
        for text in self.texts(data):
            try:
                if self._dialogue.is_answer(text) and self._answer and not self._answer.done():
                    self._answer.set_result(None)
            except Broken as error:
                self.lost(str(error))

    def lost(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(why))

    def leave(self) -> None:
        self.transport.abort()


async def open_subscribers(
    port: int, dialogue: Dialogue, feed: Feed, *, in_flight: int = 200, first: int = 0
) -> list[Subscriber]:
    """Open a socket for each subscriber of ``feed``, so many at once, until all are live."""
    clients = iter(range(first, first + feed.subscribers))
    opened: list[Subscriber] = []

    async def open_some() -> None:
        for n in clients:
            subscriber = Subscriber(feed)
            await open_one(port, dialogue, dialogue.subscribing(n), n, subscriber)
            opened.append(subscriber)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(open_some())
    return opened


async def open_writers(port: int, dialogue: Dialogue, number: int) -> list[Writer]:
    writers = [Writer(dialogue) for _ in range(number)]
    for n, writer in enumerate(writers):
        await open_one(port, dialogue, dialogue.writing(n), n, writer)
    return writers


async def open_one(
    port: int, dialogue: Dialogue, steps: Sequence[Step], n: int, then: Subscriber | Writer
) -> None:
    """Open a socket and, after the last step, leave it to ``then``; raises Broken."""
    hello = frames.handshake(dialogue.path, port, dialogue.subprotocol)
    # One address has 28,000 ports towards a server, of which some are still closing.
    near = (f"127.0.0.{1 + n // _PORTS_PER_ADDRESS}", 0) if n >= _PORTS_PER_ADDRESS else None
    async with asyncio.timeout(_OPENED_WITHIN):
        _, opening = await asyncio.get_running_loop().create_connection(
            lambda: Opening(hello, steps, then), "127.0.0.1", port, local_addr=near
        )
        await opening.opened
