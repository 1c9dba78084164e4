"""What the examples send is what the API understands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "frontend_examples"
SCHEMA = build_schema((ROOT / "schema.graphql").read_text())
TABS = re.findall(r"`(#.*?)`", (EXAMPLES / "graphiql/src/tabs.ts").read_text(), re.DOTALL)


def _plain_operations() -> list[str]:
    text = (EXAMPLES / "plain/operations.js").read_text()
    parts = dict(re.findall(r"^(?:export )?const (\w+) = ['`](.*?)['`];", text, re.DOTALL | re.M))
    return [_filled(parts[name], parts) for name in re.findall(r"^export const (\w+)", text, re.M)]


def _filled(part: str, parts: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: _filled(parts[found[1]], parts), part)


@pytest.mark.parametrize("operation", TABS, ids=lambda tab: tab.splitlines()[0])
def test_graphiqls_tabs_are_valid(operation: str) -> None:
    assert not validate(SCHEMA, parse(operation))


@pytest.mark.parametrize(
    "operation", _plain_operations(), ids=lambda operation: operation.split("(")[0]
)
def test_the_plain_pages_operations_are_valid(operation: str) -> None:
    assert not validate(SCHEMA, parse(operation))


def test_the_curl_of_the_page_without_graphiql_is_valid() -> None:
    page = (EXAMPLES / "plain/graphql.html").read_text()
    body = re.search(r" -d '(.*?)'</code>", page, re.DOTALL)
    assert body

    operation = json.loads(body[1])

    assert not validate(SCHEMA, parse(operation["query"]))
    assert set(operation["variables"]["who"]) == {"username", "password"}


def test_the_examples_are_found() -> None:
    assert len(TABS) == 8
    assert len(_plain_operations()) > 15


def test_no_lock_names_a_registry() -> None:
    locks = [*EXAMPLES.glob("*/package-lock.json"), *EXAMPLES.glob("*/*.lock")]

    assert locks
    assert [lock for lock in locks if "://registry" in lock.read_text()] == []
