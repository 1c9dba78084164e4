"""The fleet's bill: what single deeds cost, and what that comes to for a million sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks import units
from benchmarks.backing import Backing
from benchmarks.cores import on_server_core
from benchmarks.people import ROOT

PROCESSES = 100
SOCKETS = 1_000_000
EVENTS = 1_000
"""Committed a second, in the whole fleet."""
_MEASURED_WITHIN = 120


@dataclass(frozen=True, slots=True)
class Item:
    what: str
    formula: str
    comes_to: str


def measure(shared: Backing) -> Mapping[str, float]:
    """Seconds for each deed, as :mod:`benchmarks.units` finds them."""
    with on_server_core():
        process = subprocess.Popen(  # ourselves
            [sys.executable, "-m", "benchmarks.units"],
            cwd=ROOT,
            env={**shared.environment},
            stdout=subprocess.PIPE,
        )
    told, _ = process.communicate(timeout=_MEASURED_WITHIN)
    found: Mapping[str, float] = json.loads(told)
    return found


def items(cost: Mapping[str, float], delivery: float, socket: float) -> Iterator[Item]:
    """
    The bill for 100 processes that hold 10,000 topics each, and 10,000 sockets each.

    ``delivery`` is the CPU of one in seconds, ``socket`` its memory in bytes.
    """
    yield from _rings(cost["ring_sent"], cost["ring_heard"])
    yield from _topics(cost)
    yield from _sockets(delivery, socket)


def _rings(sent: float, heard: float) -> Iterator[Item]:
    yield Item(
        "rings, sending, a process",
        f"{EVENTS:,} events/s ÷ {PROCESSES} * {_us(sent)}",
        _core(EVENTS / PROCESSES * sent),
    )
    yield Item(
        "rings, hearing, a process that follows all topics",
        f"{EVENTS:,} events/s * {_us(heard)}",
        _core(EVENTS * heard),
    )
    yield Item(
        "Redis, if every process follows every topic",
        f"{EVENTS:,} events/s * {PROCESSES} processes",
        f"{EVENTS * PROCESSES:,} messages/s",
    )


def _topics(cost: Mapping[str, float]) -> Iterator[Item]:
    heads, heads_cpu, join = cost["heads"], cost["heads_cpu"], cost["join"]
    yield Item(
        "heads checks, a process",
        f"1/s * {_us(heads_cpu)}",
        _core(heads_cpu),
    )
    yield Item(
        "heads checks, PostgreSQL at most",
        f"{PROCESSES} processes * 1/s * {_us(heads - heads_cpu)}",
        _core(PROCESSES * max(heads - heads_cpu, 0.0)),
    )
    yield Item(
        "joining all topics, once a process",
        f"{units.TOPICS:,} topics * {_us(join)}",
        f"{units.TOPICS * join:.1f} s",
    )
    yield Item(
        "a Tail that missed a ring reads the log",
        "1 read for each such topic and process",
        f"{1e3 * cost['read']:.2f} ms",
    )


def _sockets(delivery: float, socket: float) -> Iterator[Item]:
    per_topic = SOCKETS // units.TOPICS
    yield Item(
        "deliveries, a process",
        f"{EVENTS:,} events/s * {per_topic} sockets a topic ÷ {PROCESSES} * {_us(delivery)}",
        _core(EVENTS * per_topic / PROCESSES * delivery),
    )
    yield Item(
        "memory for the sockets, a process",
        f"{SOCKETS // PROCESSES:,} * {socket / 1024:.0f} KB",
        f"{SOCKETS / PROCESSES * socket / 2**30:.2f} GB",
    )


def _us(seconds: float) -> str:
    return f"{1e6 * seconds:,.0f} µs"


def _core(seconds: float) -> str:
    return f"{seconds:.1%} of a core"
