"""What the browser tests need beside Python, and where it is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_EXAMPLES = Path(__file__).parents[2] / "frontend_examples"
_PAGES = [_EXAMPLES / name / "dist" / "index.html" for name in ("apollo", "graphiql")]
_NO_CHROMIUM = "There is no Chromium: install it (Debian: apt-get install chromium)."
_NO_PAGES = "The web client and GraphiQL are not built: make web, with Node 20.19 or newer."


def chromium() -> str | None:
    """The browser that is named by ``CHROMIUM``, or else the system's."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def what_is_missing() -> str | None:
    """One sentence, or None if the tests can run."""
    if chromium() is None:
        return _NO_CHROMIUM
    return None if all(page.exists() for page in _PAGES) else _NO_PAGES


def must_run() -> bool:
    """On a machine that tests for everybody, nothing is left out."""
    return os.environ.get("CI") == "true"
