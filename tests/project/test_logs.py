"""A trouble is told of once, in one line."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from project import logs
from project.logs import OncePerTrouble


@pytest.fixture
def library() -> Iterator[logging.Logger]:
    """A library's logger that complains again and again."""
    logger, once = logging.getLogger("library"), OncePerTrouble()
    logger.addFilter(once)
    yield logger
    logger.removeFilter(once)


def complain(library: logging.Logger, times: int) -> None:
    for _ in range(times):
        try:
            raise ConnectionError("away")
        except ConnectionError:
            library.exception("Unexpected exception in %s", "a task")


def test_a_trouble_is_told_of_once_in_one_line(
    library: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    complain(library, 3)

    (record,) = caplog.records
    assert record.getMessage() == "Unexpected exception in a task: ConnectionError('away')"
    assert record.exc_info is None


def test_another_trouble_is_told_of_too(
    library: logging.Logger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    complain(library, 2)
    library.warning("Something else")
    monkeypatch.setattr(logs, "SAME_TROUBLE", -1.0)
    complain(library, 1)

    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"]
