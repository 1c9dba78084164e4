from __future__ import annotations

import pytest

from benchmarks import bill, profile

UVICORN = "/v/site-packages/uvicorn/protocols/websockets/websockets_sansio_impl.py:1"


@pytest.mark.parametrize(
    ("frames", "layer"),
    [
        (["run (/lib/python3.11/asyncio/runners.py:1)", f"send ({UVICORN})"], "uvicorn"),
        (["x (/v/site-packages/graphql/execution/execute.py:1)"], "graphql-core"),
        (["x (/v/site-packages/graphql/a.py:1)", "wraps (/lib/functools.py:3)"], "graphql-core"),
        (["x (/repo/realtime/hub.py:1)", "dumps (/lib/json/__init__.py:3)"], "JSON"),
        (["x (/repo/realtime/hub.py:1)"], "realtime"),
        (["main (/repo/other.py:1)"], "elsewhere"),
    ],
)
def test_a_sample_is_the_work_of_the_innermost_layer(frames: list[str], layer: str) -> None:
    assert profile.layer_of(frames).startswith(layer)


def test_shares_are_of_all_samples() -> None:
    stacks = [f"a (/x.py:1);send ({UVICORN}) 30", "b (/repo/schema/events.py:2) 10", "not a sample"]

    found = profile.shares(stacks)

    assert list(found.values()) == [0.75, 0.25]


def test_the_bill_multiplies_what_was_measured() -> None:
    cost = dict.fromkeys(("ring_sent", "ring_heard", "join", "heads_cpu", "read"), 1e-06)

    items = {each.what: each.comes_to for each in bill.items({**cost, "heads": 2e-3}, 1e-5, 2**15)}

    assert items["deliveries, a process"] == "1.0% of a core"
    assert items["memory for the sockets, a process"] == "0.31 GB"
    assert items["Redis, if every process follows every topic"] == "100,000 messages/s"
    assert items["heads checks, PostgreSQL at most"] == "20.0% of a core"
