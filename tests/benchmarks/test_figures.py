from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import page, record, report
from benchmarks.measure import Figures, Rate, percentile, window
from benchmarks.record import Machine, Record
from benchmarks.targets import deliveries, targets


def figures(server: str, subscribers: int, per_second: float) -> Figures:
    rate = Rate(10, int(per_second), 1.0, 0.9, 0.1)
    return Figures(server, subscribers, 100.0, 0.1, 0.1, 2048.0, [rate], 0.01, 0.02)


def recorded(*some: Figures) -> Record:
    return Record(Machine("a cpu", 2, "Python", "today", "make bench", is_shared=False), [*some])


@pytest.mark.parametrize(("part", "expected"), [(0.5, 51), (0.99, 100), (1.0, 100), (0.0, 1)])
def test_a_percentile_is_one_of_the_values(part: float, expected: int) -> None:
    assert percentile(range(1, 101), part) == expected


def test_the_window_is_never_so_narrow_that_a_server_has_to_wait() -> None:
    assert [window(n) for n in (1, 1_000, 10_000, 100_000)] == [16, 10, 3, 3]


def test_a_ratio_is_taken_within_each_round() -> None:
    found = recorded(
        figures("reference", 1_000, 100),
        figures("anteroom", 1_000, 50),
        figures("reference", 1_000, 200),
        figures("anteroom", 1_000, 180),
    )

    assert found.ratios("anteroom", "reference", 1_000, deliveries) == [0.5, 0.9]


def test_a_target_that_was_not_measured_is_not_met() -> None:
    judged = list(targets(recorded(figures("anteroom", 1_000, 50))))

    assert judged
    assert not any(each.is_met for each in judged)


def test_a_floor_and_a_bound_are_told_apart() -> None:
    found = recorded(figures("reference", 1_000, 100), figures("anteroom", 1_000, 95))

    met = {each.what: each.is_met for each in targets(found)}

    assert met["deliveries/s, to the reference"]
    assert met["memory a socket, to the reference"]
    assert not met["deliveries/s, to Strawberry as documented"]


def test_raw_figures_are_kept_as_they_are(tmp_path: Path) -> None:
    found = recorded(figures("anteroom", 100, 50))

    record.save(found, tmp_path / "raw" / "bench.json")

    assert record.load(tmp_path / "raw" / "bench.json") == found


def test_a_server_that_is_skipped_is_in_the_table_with_the_reason() -> None:
    found = recorded(figures("anteroom", 100, 50))
    found.skipped["yoga"] = "there is no Node"

    assert "skipped: there is no Node" in report.terminal(found)


def test_the_page_keeps_what_is_written_around_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(page, "IMAGES", tmp_path)
    page.PAGE.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")

    page.write(recorded(figures("anteroom", 100, 50), figures("anteroom", 1_000, 60)))

    text = page.PAGE.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "benchmark-throughput.svg" in text
    assert (tmp_path / "benchmark-throughput.svg").read_text().startswith("<svg")
