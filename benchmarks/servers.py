"""Who is measured, and how each of them is started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from benchmarks import dialogues
from benchmarks.backing import Backing
from benchmarks.cores import on_server_core
from benchmarks.load import Broken, Dialogue
from tests.backends import free_port

ROOT = Path(__file__).resolve().parent.parent
YOGA = ROOT / "benchmarks" / "peers" / "yoga"
_STARTED_WITHIN = 30.0
_OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One way of serving a room.

    ``loses`` is said of those that promise no delivery: what is missing there is a
    figure, and everywhere else the end of the run.
    """

    name: str
    label: str
    command: Callable[[int], Sequence[str | Path]]
    dialogue: Callable[[Backing], Dialogue]
    settings: str = ""
    loses: bool = False
    stores: bool = True


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    kind: Kind
    pid: int
    port: int
    dialogue: Dialogue
    log: Path


def _python(*arguments: str) -> Callable[[int], Sequence[str]]:
    return lambda port: [sys.executable, "-m", *arguments, str(port)]


REFERENCE = Kind(
    "reference",
    "bare ASGI (the reference)",
    _python("benchmarks.peers.serve", "benchmarks.peers.reference:application"),
    lambda _: dialogues.Plain(),
    stores=False,
)
ANTEROOM = Kind(
    "anteroom",
    "Anteroom",
    lambda _: [sys.executable, "-m", "project.serve"],
    lambda backing: dialogues.Anteroom(backing.people),
    settings="project.settings",
)
STRAWBERRY = Kind(
    "strawberry",
    "Strawberry + Channels",
    _python("benchmarks.peers.serve", "benchmarks.peers.strawberry_channels:application"),
    lambda _: dialogues.PeerGraphQL(),
    settings="benchmarks.peers.settings",
    loses=True,
)
CHANNELS = Kind(
    "channels",
    "plain Channels consumer",
    _python("benchmarks.peers.serve", "benchmarks.peers.plain_channels:application"),
    lambda _: dialogues.Plain(path="/room/1"),
    settings="benchmarks.peers.settings",
    loses=True,
)
YOGA_ON_NODE = Kind(
    "yoga",
    "graphql-yoga on Node",
    lambda _: ["node", YOGA / "server.mjs"],
    lambda _: dialogues.PeerGraphQL(),
    loses=True,
)
STRAWBERRY_DJANGO = Kind(
    "strawberry-django",
    "Strawberry-Django, a plain INSERT",
    _python("benchmarks.peers.serve", "benchmarks.peers.strawberry_django_views:application"),
    lambda _: dialogues.PeerGraphQL(),
    settings="benchmarks.peers.settings",
)
BLASTER = Kind(
    "blaster",
    "ready frames, no ASGI",
    _python("benchmarks.peers.blaster"),
    lambda _: dialogues.Plain(),
    stores=False,
)
KINDS = (REFERENCE, ANTEROOM, YOGA_ON_NODE, CHANNELS, STRAWBERRY)


def absent(kind: Kind) -> str | None:
    """Why a server cannot be started here, if it cannot."""
    if kind is not YOGA_ON_NODE:
        return None
    if shutil.which("node") is None:
        return "there is no Node"
    if _node_version() < _OLDEST_NODE:
        return f"Node is older than {_OLDEST_NODE}"
    if not (YOGA / "node_modules").is_dir():
        return "its packages are not installed; `make bench` does that, with npm"
    return None


def _node_version() -> int:
    command = ["node", "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # as found
    return int(said.stdout.strip().removeprefix("v").partition(".")[0])


@contextmanager
def serving(kind: Kind, backing: Backing) -> Iterator[Running]:
    """One server on a core of its own, for as long as the block."""
    port = free_port()
    log = backing.directory / f"{kind.name}-{port}.log"
    environment = {**backing.environment, **_for_node(backing.database_url), "PORT": str(port)}
    if kind.settings:
        environment["DJANGO_SETTINGS_MODULE"] = kind.settings
    with on_server_core(), log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # ourselves and our peers
            [str(part) for part in kind.command(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield Running(kind, process.pid, port, kind.dialogue(backing), log)
    finally:
        _end(process)


def _for_node(database_url: str) -> dict[str, str]:
    """The database as libpq's variables, which its driver for Node knows too."""
    parts = urlsplit(database_url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return {
        "PGHOST": unquote(host),
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.strip("/"),
    }


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _STARTED_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if _listens(port):
            return
        time.sleep(0.02)  # between two questions to another process
    raise Broken(f"No server came up:\n{log.read_text(errors='replace')[-2000:]}")


def _listens(port: int) -> bool:
    """Whether somebody listens there; asked of the kernel, so that no server sees a visitor."""
    wanted = f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if state == "0A" and local.endswith(wanted):
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL: thousands of polite farewells would only take time."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
