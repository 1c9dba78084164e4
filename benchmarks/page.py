"""``docs/reference/benchmarks.md`` and its pictures, made from a run's figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import report, svg
from benchmarks.record import LABELS, Record
from benchmarks.svg import Chart, Points
from benchmarks.targets import connects, deliveries

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
IMAGES = ROOT / "docs" / "images"
BEGIN, END = "<!-- begin: made by make bench -->", "<!-- end: made by make bench -->"


def write(record: Record) -> None:
    """Draw the pictures, and renew what stands between the two marks of the page."""
    for name, chart in charts(record).items():
        (IMAGES / f"benchmark-{name}.svg").write_text(svg.draw(chart))
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text("".join([before, BEGIN, "\n\n", generated(record), "\n\n", END, after]))


def generated(record: Record) -> str:
    return "\n\n".join([report.machine(record), report.ceiling(record), *_sections(record)])


def charts(record: Record) -> Mapping[str, Chart]:
    """The pictures by name; one that has nothing to show is left out."""
    across = "subscribers of one room, each on a socket of its own"
    made = {
        "throughput": Chart(
            "Throughput",
            "deliveries per second, the whole path",
            across,
            _lines(record, deliveries),
            {},
        ),
        "latency": Chart(
            "Latency at 10 messages a second",
            "milliseconds from writing a message to its arrival: p50, and dashed p99",
            across,
            _lines(record, lambda each: _times(1000, each.latency_p50)),
            _lines(record, lambda each: _times(1000, each.latency_p99)),
        ),
        "connects": Chart(
            "Arrival", "connected and subscribed per second", across, _lines(record, connects), {}
        ),
        "memory": Chart(
            "Memory",
            "resident KB of the server per subscribed socket",
            across,
            _lines(record, lambda each: _times(1 / 1024, max(each.bytes_per_socket, 1.0))),
            {},
        ),
    }
    return {name: chart for name, chart in made.items() if chart.lines}


def _times(factor: float, value: float | None) -> float | None:
    return None if value is None else factor * value


def _lines(record: Record, of: report._Show) -> Mapping[str, Points]:
    lines = {}
    for server in record.servers:
        values = [(size, record.value(server, size, of)) for size in record.sizes]
        if points := [(float(size), value) for size, value in values if value]:
            lines[LABELS[server]] = points
    return lines


def _sections(record: Record) -> Iterator[str]:
    pictures = {
        "Deliveries": "throughput",
        "Latency at 10 messages a second, p50": "latency",
        "Connected": "connects",
        "Resident": "memory",
    }
    for title, text in report.tables(record):
        if not text:
            continue
        yield f"### {title}"
        for start, picture in pictures.items():
            if title.startswith(start):
                yield f"![{title}](../images/benchmark-{picture}.svg)"
        yield text
