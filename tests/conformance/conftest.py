from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.schema.conftest import alice, bob, server
from tests.server import ROOT

__all__ = ["alice", "bob", "server"]

HERE = Path(__file__).parent
INSTALLED_WITHIN = 110.0

Package = Callable[[str], Path]


@pytest.fixture(scope="session")
def package() -> Package:
    """The directory in which a package of this directory is installed, as its lock says."""
    return _installed


def _installed(name: str) -> Path:
    source = HERE / name
    content = b"".join(path.read_bytes() for path in sorted(source.iterdir()) if path.is_file())
    target = ROOT / ".cache" / "conformance" / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _install(source, target)
    return target


def _install(source: Path, target: Path) -> None:
    """Install beside the target and move it there whole: others may do the same now."""
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        draft = Path(directory) / "package"
        shutil.copytree(source, draft, ignore=shutil.ignore_patterns("node_modules"))
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(  # locked versions
            command,
            cwd=draft,
            capture_output=True,
            text=True,
            timeout=INSTALLED_WITHIN,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        try:
            draft.rename(target)
        except OSError:
            assert target.exists()


def node(directory: Path, script: str, *arguments: str) -> list[str]:
    """The lines that a script of a package prints."""
    done = subprocess.run(  # ours
        ["node", script, *arguments],
        cwd=directory,
        env={**os.environ, "NODE_ENV": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()
