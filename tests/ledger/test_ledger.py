"""The ledger itself, in its short form: every kind of fault, and nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEADLINE = 420
LAST_WORDS = 60
# It starts its own PostgreSQL and Redis (or uses TEST_DATABASE_URL and TEST_REDIS_URL),
# so it runs once, in the pass that has none.
pytestmark = pytest.mark.only_on("sqlite")
ITS_OWN = {"DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"}


def _begin(*arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ITS_OWN}
    return subprocess.Popen(
        [sys.executable, "-m", "ledger", "--quick", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _end(ledger: subprocess.Popen[str], within: float) -> str:
    """Its output; it is told to stop and clean up after itself if it takes too long."""
    try:
        return ledger.communicate(timeout=within)[0]
    except subprocess.TimeoutExpired:
        ledger.send_signal(signal.SIGTERM)
        return ledger.communicate(timeout=LAST_WORDS)[0]


@pytest.mark.timeout(DEADLINE + 2 * LAST_WORDS)
def test_nothing_is_lost_repeated_reordered_or_leaked_whatever_fails(tmp_path: Path) -> None:
    page = tmp_path / "ledger.md"

    said = _end(ledger := _begin("--markdown", str(page)), within=DEADLINE)

    assert ledger.returncode == 0, said
    assert "| 0    | 0        | 0            | 0            |" in page.read_text()


def test_a_ledger_that_is_told_to_stop_leaves_nothing_running() -> None:
    ledger = _begin()
    assert ledger.stdout is not None
    ledger.stdout.readline()
    followers = ledger.stdout.readline()
    children = _descendants(ledger.pid)

    ledger.send_signal(signal.SIGTERM)
    _end(ledger, within=LAST_WORDS)

    assert "followers" in followers
    assert len(children) >= 3
    assert ledger.returncode == 130
    assert not [pid for pid in children if _is_running(pid)]


def _descendants(pid: int) -> Sequence[int]:
    # A process is listed with the thread that started it.
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(child) for each in lists for child in each.read_text().split()]
    return [*found, *(each for child in found for each in _descendants(child))]


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
