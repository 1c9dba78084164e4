"""A trouble is told of once, in one line; what clients are refused is told of a few times."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest

from project import logs
from project.logs import OncePerTrouble, Refusals
from tests.project.test_heads import GET, status_after
from tests.server import Server

TIMES = logs.FEW + 2
CLOSE = b"Connection: close\r\n"
FIELDS = b"&".join(b"field%d=" % number for number in range(2_000))
FORM = (
    b"POST /admin/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: csrftoken=" + 32 * b"a" + b"\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n"
)
REFUSED = {
    "Not Found: /0": GET.replace(b"/healthz", b"/%d") + CLOSE + b"\r\n",
    "CSRF": FORM + CLOSE + b"Content-Length: 2\r\n\r\n%d=",
    "TooManyFields": FORM + CLOSE + b"Content-Length: %d\r\n\r\n" % len(FIELDS) + FIELDS,
    "ALLOWED_HOSTS": GET.replace(b"Host: ", b"Host: %d.") + CLOSE + b"\r\n",
    "Invalid HTTP": b"\0\r\n\r\n",
}


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("logs"))
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("name", REFUSED)
async def test_of_what_is_refused_again_and_again_a_few_are_told_of(
    server: Server, name: str
) -> None:
    """Whatever stands in it, in a short line each: anybody could fill a disk."""
    before = len(server.log.read_text())

    for number in range(TIMES):
        request = REFUSED[name].replace(b"%d", b"%d" % number)
        assert (await status_after(server, request)).startswith("4")

    lines = server.log.read_text()[before:].splitlines()
    assert len(lines) == logs.FEW
    assert name in lines[0]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("No such host: h", "No such host: h"),
        ("Too many", "No such host: h: Too many"),
        ("", "No such host: h: ValueError"),
    ],
    ids=["said already", "added", "as its kind"],
)
def test_a_refusal_is_told_of_in_one_line_with_its_reason_once(why: str, told: str) -> None:
    record = _refusal("No such host: %s", ("h",), ValueError(why))

    assert Refusals().filter(record)
    assert record.getMessage() == told
    assert record.exc_info is None


def test_a_refusal_is_as_long_as_we_like() -> None:
    host = "h" * 60_000
    record = _refusal("No such host: %s", (host,), ValueError(host[:50_000]))

    assert Refusals().filter(record)
    assert len(record.getMessage()) < logs.LONGEST + 10


def test_after_a_minute_a_few_more_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = Refusals()

    told = [refusals.filter(_refusal("Not found: %s", (str(n),))) for n in range(TIMES)]
    monkeypatch.setattr(logs, "SAME_TROUBLE", -1.0)

    assert told == [True] * logs.FEW + [False] * 2
    assert refusals.filter(_refusal("Not found: %s", ("/",)))


def _refusal(
    message: str, arguments: tuple[str, ...], error: Exception | None = None
) -> logging.LogRecord:
    why = (type(error), error, None) if error is not None else None
    record = logging.LogRecord("django", logging.WARNING, __file__, 1, message, arguments, why)
    record.status_code = 404
    return record


def test_what_went_wrong_here_is_told_of_each_time_and_whole() -> None:
    refusals = Refusals()
    try:
        raise ValueError
    except ValueError:
        why = sys.exc_info()
    records = [
        logging.LogRecord(name, logging.ERROR, __file__, 1, "Wrong: %s", ("/",), why)
        for name in 2 * ("django.request", "uvicorn.error", "schema.execution")
    ]
    records[0].status_code = records[3].status_code = 500

    assert [record for record in records if refusals.filter(record)] == records
    assert {record.exc_info for record in records} == {why}
