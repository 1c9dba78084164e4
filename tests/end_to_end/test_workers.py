"""A server of several workers whose parent is killed: nobody holds the port, nothing is lost."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Town, cursor_of, say
from tests.end_to_end.streams import following
from tests.server import Server

pytestmark = pytest.mark.needs_proc

SOON = 10.0
"""Seconds."""


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Town]:
    """A town whose server has two workers."""
    server = Server(tmp_path, WORKERS="2")
    server.start()
    yield Town(server)
    server.stop()


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid: int) -> bool:
    """Tell whether it runs; who is dead and not yet buried holds no port."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + SOON
    while any(map(_is_alive, pids)):
        assert time.monotonic() < deadline, "There are workers left."
        time.sleep(0.05)  # between two questions about other processes


async def test_workers_whose_parent_is_killed_drain_and_leave_the_port_to_the_next(
    many: Town,
) -> None:
    """G1, G2."""
    room = await many.room()
    async with following(many.alice, room.database_id, await cursor_of(many.alice, room)) as stream:
        await say(many.alice, room, "before")
        told = await stream.take_until(lambda each: each.about == "before")
        assert many.server.pid is not None
        family = _children(many.server.pid)
        assert len(family) >= 2

        many.server.kill()
        rest, how = await stream.rest()
        await asyncio.to_thread(_wait_until_gone, family)

    assert (rest, how) == ([], 1012)
    with socket.create_server(("127.0.0.1", many.server.port)):
        pass
    await asyncio.to_thread(many.server.start)
    async with following(many.alice, room.database_id, told[-1].cursor) as stream:
        await say(many.alice, room, "after")
        resumed = await stream.take_until(lambda each: each.about == "after")
    assert [each.about for each in resumed if each.kind == "MessageSent"] == ["after"]
