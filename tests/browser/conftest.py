from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.backends import free_port
from tests.browser.line import Line
from tests.browser.needs import chromium, must_run, what_is_missing
from tests.browser.people import Person, everybody
from tests.browser.room_page import PATIENCE
from tests.server import Server

_HERE = Path(__file__).parent
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
Introduce = Callable[..., Person]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser tests out where there is no browser, except in CI."""
    if (missing := what_is_missing()) is None:
        return
    if must_run():
        raise pytest.UsageError(missing)
    ours = [item for item in items if item.path.is_relative_to(_HERE)]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


# As long as it runs, Playwright has an event loop in this thread: no test of another package,
# which may want a loop of its own, comes between.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _serve(tmp_path_factory.mktemp("server"))


@pytest.fixture
def frail_server(tmp_path: Path) -> Iterator[Server]:
    """One that a test may kill."""
    yield from _serve(tmp_path)


@pytest.fixture(scope="package")
def server_below_a_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from _serve(tmp_path_factory.mktemp("below"), ROOT_PATH="/chat")


def _serve(directory: Path, **environment: str) -> Iterator[Server]:
    server = Server(directory, DEMO="1", **environment)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """A network between a browser and the server, which can be cut."""
    line = Line(free_port(), server.port)
    yield line
    line.close()


@pytest.fixture
def introduce(browser: Browser) -> Iterator[Introduce]:
    """Somebody of the demo; at the end nobody's browser may have complained of our pages."""
    people: list[Person] = []

    def introduce(name: str, server: Server, base: str | None = None) -> Person:
        people.append(everybody(browser, server, base)[name])
        return people[-1]

    yield introduce
    for person in people:
        person.go()
    assert [complaint for person in people for complaint in person.complaints] == []


@pytest.fixture
def alice(introduce: Introduce, server: Server) -> Person:
    return introduce("alice", server)


@pytest.fixture
def bob(introduce: Introduce, server: Server) -> Person:
    return introduce("bob", server)
