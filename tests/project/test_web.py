"""``make web``: pages are built where they can be, and stop nobody where they cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAMP = ".venv/run.stamp"
BUILD = """
case "$*" in
    *build) mkdir -p dist/assets && cp src.js dist/assets/it.js && echo once >> built ;;
esac
"""
Make = Callable[[], str]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory of programs with all that make needs, a Node 20 and an npm that builds."""
    directory = tmp_path / "programs"
    directory.mkdir()
    for name in ("make", "sh", "find", "mkdir", "cp", "touch", "sed", "awk"):
        (directory / name).symlink_to(shutil.which(name) or name)
    _program(directory / "node", "exit 0")
    _program(directory / "npm", BUILD)
    return directory


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile, and something to build."""
    directory = tmp_path / "checkout"
    source = directory / "frontend_examples" / "page"
    source.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", directory)
    (source / "package-lock.json").write_text("{}")
    (source / "src.js").write_text("'said again and again';\n" * 40)
    return directory


@pytest.fixture
def make(programs: Path, checkout: Path) -> Make:
    """``make web``, and what it says."""
    commands = ["make", "web", f"BIN={Path(sys.executable).parent}", "--old-file", STAMP]

    def run() -> str:
        ended = subprocess.run(
            commands,
            cwd=checkout,
            env={"PATH": str(programs)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert not ended.stderr
        return ended.stdout

    return run


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _grow_older(directory: Path) -> None:
    """Make all files look a minute older: what is written then is newer on any file system."""
    for path in directory.rglob("*"):
        moment = path.stat().st_mtime - 60
        os.utime(path, (moment, moment))


def test_pages_are_built_and_packed(make: Make, checkout: Path) -> None:
    assert make() == "Building frontend_examples/page …\n"

    built = checkout / "frontend_examples/page/dist/assets"
    assert {path.name for path in built.iterdir()} == {"it.js", "it.js.gz"}


@pytest.mark.parametrize("changed", ["src.js", "package-lock.json"])
def test_they_are_built_once_and_again_when_their_sources_change(
    make: Make, checkout: Path, changed: str
) -> None:
    page = checkout / "frontend_examples/page"
    make()

    assert make() == ""
    _grow_older(checkout)
    (page / changed).touch()
    assert "Building" in make()
    assert (page / "built").read_text() == "once\nonce\n"


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_without_node_one_line_says_what_is_missing(
    make: Make, programs: Path, missing: str
) -> None:
    (programs / missing).unlink()

    (line,) = make().splitlines()
    assert "Node" in line
    assert "npm" in line


def test_a_build_that_fails_is_said_in_a_line_and_tried_again(
    make: Make, programs: Path, checkout: Path
) -> None:
    _program(programs / "npm", 'case "$*" in *ci) echo "getaddrinfo ENOTFOUND" >&2; exit 1;; esac')
    for _ in range(2):
        _, line = make().splitlines()

        assert ".cache/page.txt says why" in line
    assert "ENOTFOUND" in (checkout / ".cache/page.txt").read_text()

    _program(programs / "npm", BUILD)
    assert make() == "Building frontend_examples/page …\n"


@pytest.mark.needs_node
@pytest.mark.parametrize(
    ("version", "fits"),
    [
        *(("18.20.4", False), ("20.18.1", False), ("20.19.0", True), ("21.7.3", False)),
        *(("22.11.0", False), ("22.12.0", True), ("24.1.0", True), ("100.0.0", True)),
    ],
)
def test_node_is_new_enough_for_vite(make: Make, programs: Path, version: str, fits: bool) -> None:
    """Vite 8 runs on ^20.19.0 || >=22.12.0."""
    node = shutil.which("node")
    code = f"Object.defineProperty(process.versions, 'node', {{value: '{version}'}});"
    _program(programs / "node", f'shift; exec {node} -e "{code} $1"')

    assert ("Building" in make()) is fits
