"""Where the server's time goes while a thousand sockets are told: py-spy, layer by layer."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import collector
from benchmarks.backing import Backing
from benchmarks.load import Broken
from benchmarks.measure import Figures, crowd, throughput, warm_up
from benchmarks.servers import ANTEROOM, serving

SUBSCRIBERS = 1_000
_RATE = 250
_HEAD_START = 1.0
LAYERS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "uvicorn, websockets, and writing to the kernel": r"/(uvicorn|websockets|httptools)/",
        "graphql-core and Strawberry": r"/(graphql|strawberry)/",
        "channels-redis and redis-py": r"/(channels|channels_redis|redis)/",
        "Django and psycopg": r"/(django|psycopg|psycopg_pool|psycopg_binary|asgiref)/",
        "schema": r"/schema/\w+\.py",
        "chat and accounts": r"/(chat|accounts)/\w+\.py",
        "realtime": r"/realtime/\w+\.py",
        "project, and the writing of ready frames": r"/project/\w+\.py",
        "JSON": r"/(json|msgspec)/",
        "the event loop and its tasks": r"/(asyncio|uvloop|concurrent)/",
    }.items()
}
_ELSEWHERE = "elsewhere"
COLLECTOR = "of all this the garbage collector, wherever it was due"
_SAMPLE = re.compile(r"(.*) (\d+)")


def absent() -> str | None:
    """Why there can be no profile here, if there cannot."""
    return None if _program() else "py-spy is not installed"


async def measure(shared: Backing, seconds: float) -> Mapping[str, float]:
    """
    The share of each layer, by the innermost frame that belongs to one.

    The last share is that of the garbage collector, which is in the others.
    """
    found, collected = shared.directory / "profile.txt", shared.directory / "collected"
    command: Sequence[str | Path] = [sys.executable, "-m", "benchmarks.collector", collected]
    with serving(replace(ANTEROOM, command=lambda _: command), shared) as server:
        figures = Figures(ANTEROOM.name, SUBSCRIBERS)
        async with crowd(server, SUBSCRIBERS, figures) as room:
            await warm_up(room)
            watching = asyncio.create_task(_watch(server.pid, seconds, found))
            await asyncio.sleep(_HEAD_START)
            before = collector.seconds(collected)
            rate = await throughput(room, seconds)
            collecting = (collector.seconds(collected) - before) / rate.server_cpu
            await watching
    return {**shares(_lines(found)), COLLECTOR: collecting}


def _lines(file: Path) -> Sequence[str]:
    return file.read_text().splitlines()


def shares(stacks: Iterable[str]) -> Mapping[str, float]:
    """The share of each layer in collapsed stacks: outermost frame first, then a count."""
    counted: Counter[str] = Counter()
    for line in stacks:
        if sample := _SAMPLE.fullmatch(line):
            counted[layer_of(sample[1].split(";"))] += int(sample[2])
    total = counted.total() or 1
    return {layer: count / total for layer, count in counted.most_common()}


def layer_of(frames: list[str]) -> str:
    """Whose work it is: the standard library's and the builtins' is that of their caller."""
    for frame in reversed(frames):
        for layer, pattern in LAYERS.items():
            if pattern.search(frame):
                return layer
    return _ELSEWHERE


async def _watch(pid: int, seconds: float, to: Path) -> None:
    program = _program()
    assert program is not None  # noqa: S101  # absent() was asked
    # Threads that hold the lock of the interpreter are at work; others may only seem to be.
    options = ["--gil", "--format", "raw", "--full-filenames", "--rate", str(_RATE), "--duration"]
    watching = await asyncio.create_subprocess_exec(
        program,
        "record",
        *options,
        str(max(1, round(seconds))),
        "--pid",
        str(pid),
        "--output",
        str(to),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, said = await watching.communicate()
    if watching.returncode:
        raise Broken(f"py-spy cannot watch the server: {said.decode()[-300:]}")


def _program() -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which("py-spy", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))
