"""Database threads: results and errors cross, connections do not stay."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest
from django.db import connection, connections

from realtime.threads import DatabaseThreads
from tests.realtime.conftest import DEADLINE, eventually, write

pytestmark = pytest.mark.django_db(transaction=True)

colour: ContextVar[str] = ContextVar("colour")


async def test_results_and_errors_cross() -> None:
    threads = DatabaseThreads("tests", 2)

    assert await threads.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)

    await threads.close()


async def test_context_variables_are_seen_in_the_thread() -> None:
    threads = DatabaseThreads("tests", 1)
    colour.set("blue")

    assert await threads.run(colour.get) == "blue"

    await threads.close()


async def test_closing_closes_the_connections_of_all_threads() -> None:
    threads = DatabaseThreads("tests", 2)
    both = threading.Barrier(2)
    opened = []

    def work() -> None:
        both.wait(DEADLINE)
        connection.ensure_connection()
        opened.append(connections["default"])

    await asyncio.gather(threads.run(work), threads.run(work))

    await threads.close()

    assert len(set(map(id, opened))) == 2
    assert all(each.connection is None for each in opened)


async def test_closing_without_having_worked_ends() -> None:
    async with asyncio.timeout(DEADLINE):
        await DatabaseThreads("tests", 2).close()


async def test_a_change_that_has_begun_is_finished_though_nobody_waits() -> None:
    threads = DatabaseThreads("tests", 1)
    begun, may_go, finished = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_go.wait(DEADLINE)
        write("t", 1)
        finished.set()

    task = asyncio.create_task(threads.run(work))
    await asyncio.to_thread(begun.wait, DEADLINE)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    may_go.set()

    await eventually(finished.is_set)
    await threads.close()
