"""A real server in a process of its own, as an operator would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from tests.backends import free_port

ROOT = Path(__file__).resolve().parent.parent
STARTED_WITHIN = 60.0


class Server:
    """
    ``python -m project.serve`` on 127.0.0.1, with its own data directory.

    It keeps its port and data through :meth:`kill` and :meth:`start`. Beside PostgreSQL
    it has a database of its own, unless ``DATABASE_URL`` is given.
    """

    def __init__(self, directory: Path, port: int | None = None, **environment: str) -> None:
        self.port = port or free_port()
        self.log = directory / "server.log"
        self.environment = {
            **os.environ,
            "PORT": str(self.port),
            "DATA_DIR": str(directory / "data"),
            "DEMO": "0",
            "LIMITS": "off",
            **({} if "DATABASE_URL" in environment else _backends_of_its_own()),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, while there is one that was not ended from here."""
        return self._process.pid if self._process is not None else None

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # ourselves
                [sys.executable, "-m", "project.serve"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers()

    def manage(self, *arguments: str, text: str | None = None) -> str:
        """Run manage.py beside the server, on the same data; ``text`` is its standard input."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(  # ourselves
            command,
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            input=text,
            timeout=60,
        )
        return done.stdout

    def kill(self) -> None:
        """SIGKILL: no word of farewell, nothing flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(number)
            process.wait(timeout=30)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()
            try:
                urlopen(f"{self.http}/healthz", timeout=5).close()
            except HTTPError:
                raise
            except (URLError, OSError):
                time.sleep(0.05)  # between two questions to another process, not for effect
            else:
                return
        raise AssertionError(f"No answer within {STARTED_WITHIN} s:\n{self.log.read_text()}")


def _backends_of_its_own() -> dict[str, str]:
    """Where the tests run beside PostgreSQL and Redis, a new database and a new prefix there."""
    url = os.environ.get("DATABASE_URL")
    if url is None:
        return {}
    name = f"anteroom_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    own = urlsplit(url)._replace(path=f"/{name}")
    return {"DATABASE_URL": urlunsplit(own), "REDIS_PREFIX": name}
