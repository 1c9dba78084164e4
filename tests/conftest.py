from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from _pytest.terminal import TerminalReporter
from asgiref.sync import SyncToAsync
from channels.layers import channel_layers
from django.db import connection, connections
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

# How long an example takes says how busy the machine is, and nothing of what it shows.
hypothesis_settings.register_profile("patient", hypothesis_settings(), deadline=None)
hypothesis_settings.load_profile("patient")

CONFORMANCE = Path(__file__).parent / "conformance"
LEFT_WITHIN = 30.0
"""Seconds in which the sessions of a database end, once nobody wants them any more."""
NODE = 20
"""The version from which on the other implementations run here."""


def pytest_report_header() -> str | None:
    if _node() >= NODE:
        return None
    return f"There is no Node {NODE} or newer: tests/conformance/ is left out."


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print the lines that tests have recorded as their ``summary``."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "summary":
                terminalreporter.write_line(str(value))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``only_on`` another database, and what needs Node without it."""
    others = [item for item in items if not _belongs_here(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def _belongs_here(item: pytest.Item) -> bool:
    needs_node = CONFORMANCE in item.path.parents or item.get_closest_marker("needs_node")
    if needs_node and _node() < NODE:
        return False
    if item.get_closest_marker("needs_proc") and not Path("/proc/self").exists():
        return False
    return all(connection.vendor in mark.args for mark in item.iter_markers("only_on"))


@cache
def _node() -> int:
    """The major version of the Node that is installed, 0 for none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return 0
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"v(\d+)", said.stdout)
    return int(version[1]) if version else 0


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database is dropped when nobody uses it any more; who does so to the end is told."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock():
            assert _left_in_time() == []


def _left_in_time() -> list[tuple[str, ...]]:
    """Wait until our database has no sessions left; return what the last ones have asked."""
    database = connection.settings_dict["NAME"]
    connection.close()
    # Where tests, which have no request, use the ORM from a coroutine.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has one
    address = {**connection.get_connection_params(), "dbname": "postgres"}
    deadline = time.monotonic() + LEFT_WITHIN
    with psycopg.connect(**address) as onlooker:
        while True:
            left = onlooker.execute(_SESSIONS, [database]).fetchall()
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.1)  # between two questions to the server


_SESSIONS = "SELECT backend_type, state, query FROM pg_stat_activity WHERE datname = %s"


@pytest.fixture(autouse=True)
def _nobody_is_counted(settings: Any) -> None:
    """Tests do in a second what people do in an hour; those of the limits switch them on."""
    settings.LIMITED = False


@pytest.fixture(autouse=True)
def _a_channel_layer_of_its_own() -> Iterator[None]:
    """A layer's queues belong to the event loop of one test."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()
