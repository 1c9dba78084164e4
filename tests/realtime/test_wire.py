"""Wires over a server that takes one message at a time."""

from __future__ import annotations

import asyncio

import pytest

from realtime.wire import Disconnected, QueuedWire
from tests.realtime.conftest import DEADLINE, eventually


class Peer:
    """What a server has taken; it takes more only when it may, and is gone when it says so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.may_take = asyncio.Event()
        self.gone = False

    async def send(self, text: str) -> None:
        await self.may_take.wait()
        if self.gone:
            raise Disconnected
        self.taken.append(text)


def texts(*numbers: int) -> list[bytes]:
    return [str(number).encode() for number in numbers]


async def test_messages_are_sent_in_the_order_in_which_they_were_written() -> None:
    peer = Peer()
    wire = QueuedWire(peer.send)
    peer.may_take.set()

    wire.write(texts(1, 2))
    wire.write(texts(3))
    await wire.flush()
    wire.write(texts(4))
    await wire.flush()

    assert peer.taken == ["1", "2", "3", "4"]


async def test_there_is_no_room_while_sixteen_messages_wait() -> None:
    """G7: bounded memory."""
    peer = Peer()
    wire = QueuedWire(peer.send)

    assert wire.has_room
    assert wire.write(texts(*range(15)))
    assert wire.has_room
    assert not wire.write(texts(15))
    assert not wire.has_room


async def test_who_waits_for_room_is_told_once_and_in_time_to_write_more() -> None:
    peer = Peer()
    wire = QueuedWire(peer.send)
    told: list[int] = []
    wire.write(texts(*range(20)))

    wire.when_room(lambda: told.append(len(peer.taken)))
    await asyncio.sleep(0)
    before = list(told)
    peer.may_take.set()
    await wire.flush()

    assert before == []
    assert len(told) == 1
    assert told[0] < 20
    assert peer.taken == [str(number) for number in range(20)]


async def test_flushing_waits_for_what_is_on_its_way() -> None:
    peer = Peer()
    wire = QueuedWire(peer.send)
    wire.write(texts(1))

    flushing = asyncio.create_task(wire.flush())
    await asyncio.sleep(0)
    before = flushing.done()
    peer.may_take.set()
    async with asyncio.timeout(DEADLINE):
        await flushing

    assert not before
    assert peer.taken == ["1"]


async def test_when_the_peer_is_gone_everyone_is_let_go_and_nothing_is_kept() -> None:
    peer = Peer()
    wire = QueuedWire(peer.send)
    wire.write(texts(*range(20)))
    let_go = asyncio.Event()
    wire.when_room(let_go.set)
    peer.gone = True

    peer.may_take.set()

    async with asyncio.timeout(DEADLINE):
        await let_go.wait()
        with pytest.raises(Disconnected):
            await wire.flush()
    assert wire.write(texts(*range(100)))
    assert peer.taken == []
    assert not wire._queue


async def test_who_is_told_of_room_may_write_at_once() -> None:
    peer = Peer()
    wire = QueuedWire(peer.send)
    left = list(range(1, 200))

    def write_more() -> None:
        while left:
            if not wire.write(texts(left.pop(0))):
                wire.when_room(write_more)
                return

    write_more()
    peer.may_take.set()
    await eventually(lambda: len(peer.taken) == 199)

    assert peer.taken == [str(number) for number in range(1, 200)]
