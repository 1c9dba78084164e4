"""Which core does what, and what a process has used of it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER_CORES = set(_AVAILABLE[:1])
LOAD_CORES = set(_AVAILABLE[1:]) or SERVER_CORES
ARE_APART = SERVER_CORES.isdisjoint(LOAD_CORES)
"""Whether the load has a core of its own; if not, the server shares one with it."""

_TICKS = os.sysconf("SC_CLK_TCK")


def stay_beside() -> None:
    """Keep this process, and all that it starts from now on, off the server's core."""
    os.sched_setaffinity(0, LOAD_CORES)


@contextmanager
def on_server_core() -> Iterator[None]:
    """What is started in this block runs on the server's core, and on no other."""
    os.sched_setaffinity(0, SERVER_CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, LOAD_CORES)


def allow_many_sockets() -> None:
    _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process so far."""
    # The name in parentheses may hold spaces, so count from behind it (proc_pid_stat(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def machine_load() -> float:
    """How many processes wanted to run in the last minute, the benchmark's own included."""
    return os.getloadavg()[0]


class Stopwatch:
    """Wall-clock time, and the CPU time of the server and of the load within it."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.seconds = self.server_cpu = self.load_cpu = 0.0

    def __enter__(self) -> Stopwatch:
        self._began = (time.perf_counter(), cpu_seconds(self._pid), time.process_time())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        wall, server, load = self._began
        self.seconds = time.perf_counter() - wall
        self.server_cpu = cpu_seconds(self._pid) - server
        self.load_cpu = time.process_time() - load
