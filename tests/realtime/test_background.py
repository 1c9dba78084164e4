"""Background work: it goes on whatever fails, and stops when told."""

from __future__ import annotations

import asyncio
import logging

import pytest

from realtime import background
from realtime.background import forever
from tests.realtime.conftest import DEADLINE

pytestmark = pytest.mark.usefixtures("_hurried")


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.001)


class Work:
    """Fails at the named attempts and is done at the last one."""

    def __init__(self, *failing: int, attempts: int) -> None:
        self.failing = failing
        self.attempts = attempts
        self.attempt = 0
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        self.attempt += 1
        if self.attempt == self.attempts:
            self.done.set()
            await asyncio.get_running_loop().create_future()
        if self.attempt in self.failing:
            raise ValueError(self.attempt)


async def run(work: Work) -> list[int]:
    """The attempts of which a failure was told."""
    told: list[int] = []
    task = asyncio.create_task(
        forever(work, name="Work", on_failure=lambda: told.append(work.attempt))
    )
    async with asyncio.timeout(DEADLINE):
        await work.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return told


async def test_work_goes_on_after_failures_and_each_is_told() -> None:
    work = Work(1, 2, 4, attempts=6)

    told = await run(work)

    assert told == [1, 2, 4]


async def test_a_failure_is_logged_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger=background.__name__)

    await run(Work(2, 3, 4, attempts=7))

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "ValueError(2)" in caplog.records[0].message


async def test_work_that_is_cancelled_at_any_moment_ends() -> None:
    for steps in range(12):
        task = asyncio.create_task(forever(lambda: asyncio.sleep(0), name="Work"))
        for _ in range(steps):
            await asyncio.sleep(0)

        task.cancel()

        async with asyncio.timeout(DEADLINE):
            assert isinstance(
                (await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError
            )
