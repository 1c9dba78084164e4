"""Every setting is in docs/reference/settings.md, with the default that the code has."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

import accounts.rates
import accounts.seats
import chat.conf
import realtime.conf
import schema.conf
from tests.server import ROOT

PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text()
LIMITS: dict[str, Any] = {
    "REALTIME": realtime.conf.Limits,
    "GRAPHQL": schema.conf.Limits,
    "RATES": accounts.rates.Limits,
    "SOCKETS": accounts.seats.Limits,
    "CHAT": chat.conf.Limits,
}


def _documented(heading: str) -> dict[str, str]:
    """The defaults in the table of a section, by the names in it."""
    section = PAGE.split(f"\n### `{heading}`")[1].split("\n### ")[0].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {name.strip(" `"): default.strip(" `") for _, name, _, default, *_ in rows}


def _written(default: float) -> str:
    return f"{default:,}" if type(default) is int else str(default)


@pytest.mark.parametrize("heading", LIMITS)
def test_every_limit_is_on_the_page_with_its_default(heading: str) -> None:
    defaults = {each.name: _written(each.default) for each in fields(LIMITS[heading])}

    assert _documented(heading) == defaults


def test_every_variable_of_the_environment_is_on_the_page_and_left_out_by_ci() -> None:
    read = re.compile(r"""(?:environment\.\w+|environ(?:\.get)?|\w+)[(\[]\s*"([A-Z][A-Z_]{3,})\"""")
    sources = [ROOT / "project" / f"{name}.py" for name in ("settings", "environment", "serve")]
    variables = {name for each in sources for name in read.findall(each.read_text())}

    assert {"DATABASE_URL", "PORT", "HTTPS"} <= variables
    assert {name for name in variables if f"`{name}`" not in PAGE} == set()
    assert variables - set((ROOT / ".ci" / "run").read_text().split()) == set()
