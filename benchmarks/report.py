"""A run's figures as tables, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median

from benchmarks import bill
from benchmarks.measure import Figures
from benchmarks.plan import TARGET
from benchmarks.record import LABELS, Record
from benchmarks.targets import targets

_Show = Callable[[Figures], float | None]
_BUSY = 0.85


def terminal(record: Record) -> str:
    """Everything that was found out, section by section."""
    return "\n\n".join(["", *sections(record)])


def sections(record: Record) -> Iterator[str]:
    yield from (f"**{title}**\n\n{text}" for title, text in tables(record) if text)


def tables(record: Record) -> Iterator[tuple[str, str]]:
    """Title and table of each measurement; the table is empty where there is nothing."""
    yield "Targets, at 1,000 subscribers", _targets(record)
    yield "Deliveries per second, the whole path", _by_size(record, _deliveries, "{:,.0f}")
    yield "Latency at 10 messages a second, p50 in ms", _by_size(record, _p50, "{:,.1f}")
    yield "Latency at 10 messages a second, p99 in ms", _by_size(record, _p99, "{:,.1f}")
    yield "Connected and subscribed per second", _by_size(record, _connects, "{:,.0f}")
    yield "Resident memory per subscribed socket, KB", _by_size(record, _kilobytes, "{:,.0f}")
    yield "Server CPU per delivery, µs", _by_size(record, _per_delivery, "{:,.1f}")
    yield "Server CPU per event, ms", _by_size(record, _per_event, "{:,.2f}")
    yield "The load's share of its core", _by_size(record, _load_share, "{:.0%}")
    yield "Spread of deliveries per second, lowest … highest", _spread(record)
    yield "Lost deliveries", _lost(record)
    yield "What only Anteroom is asked for", _alone(record)
    yield "Sends per second over HTTP, 16 connections", _sends(record)
    yield "Where the time goes", _profile(record)
    yield "The fleet's bill", _bill(record)


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(names, *rows, strict=True)]
    lines = [names, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def machine(record: Record) -> str:
    """On what, when and how it was measured."""
    it = record.machine
    shared = "; one core for both, so trust no ratio" if it.is_shared else ""
    loads = [each.machine_load for each in record.figures]
    busy = f"{min(loads):.1f} to {max(loads):.1f}" if loads else "unknown"
    return (
        f"{it.cpu}, {it.cores} cores (the server alone on one, load, PostgreSQL and Redis on the"
        f" rest{shared}); {it.versions}. {it.when}, `{it.command}`, {record.seconds:.0f} s;"
        f" the machine's load average was {busy}."
    )


def ceiling(record: Record) -> str:
    """Whether it was the load that set the limit."""
    it = record.ceiling
    if it is None:
        return ""
    return (
        f"A server that only writes ready frames brings the load to {it.per_second:,.0f}"
        f" deliveries/s, at {it.load_share:.0%} of its core, and {it.connects_per_second:,.0f}"
        f" connects/s, at {it.connect_load_share:.0%}: where a server stays well below, the load"
        " is not what limits it."
    )


def _targets(record: Record) -> str:
    rows = [[each.what, each.wanted, each.shown, _verdict(each)] for each in targets(record)]
    return table(["ratio in this run", "wanted", "reached", ""], rows) if rows else ""


def _verdict(target: object) -> str:
    if getattr(target, "reached", None) is None:
        return "?"
    return "✓" if getattr(target, "is_met", False) else "✗"


def _by_size(record: Record, of: _Show, form: str) -> str:
    if not record.figures:
        return ""
    rows = []
    for server in record.servers:
        shown = [_shown(record, server, size, of, form) for size in record.sizes]
        rows.append([LABELS[server], *shown])
    for server, reason in record.skipped.items():
        rows.append([LABELS[server], *[f"skipped: {reason}"], *[""] * (len(record.sizes) - 1)])
    return table(["subscribers", *(f"{size:,}" for size in record.sizes)], rows)


def _shown(record: Record, server: str, size: int, of: _Show, form: str) -> str:
    """A figure; with ≥ if the load was as busy as the server, which then may have had more."""
    value = record.value(server, size, of)
    if value is None:
        return "-"
    is_bound = of is _deliveries and (record.value(server, size, _load_share) or 0) > _BUSY
    return f"{'≥ ' if is_bound else ''}{form.format(value)}"


def _deliveries(figures: Figures) -> float | None:
    return figures.deliveries_per_second or None


def _p50(figures: Figures) -> float | None:
    return None if figures.latency_p50 is None else 1000 * figures.latency_p50


def _p99(figures: Figures) -> float | None:
    return None if figures.latency_p99 is None else 1000 * figures.latency_p99


def _connects(figures: Figures) -> float | None:
    return figures.connects_per_second


def _kilobytes(figures: Figures) -> float | None:
    return figures.bytes_per_socket / 1024


def _per_delivery(figures: Figures) -> float | None:
    return 1e6 * figures.cpu_per_delivery if figures.rates else None


def _per_event(figures: Figures) -> float | None:
    return 1e3 * figures.cpu_per_event if figures.rates else None


def _load_share(figures: Figures) -> float | None:
    return figures.load_share


def _spread(record: Record) -> str:
    rows = []
    for server in record.servers:
        rates = [_rates(record, server, size) for size in record.sizes]
        shown = [f"{min(some):,.0f} … {max(some):,.0f}" if some else "-" for some in rates]
        rows.append([LABELS[server], *shown])
    return table(["subscribers", *(f"{size:,}" for size in record.sizes)], rows) if rows else ""


def _rates(record: Record, server: str, size: int) -> Sequence[float]:
    return [rate.per_second for each in record.all_of(server, size) for rate in each.rates]


def _lost(record: Record) -> str:
    rows = [
        [LABELS[each.server], f"{each.subscribers:,}", f"{each.lost:,}", " ".join(each.faults[:1])]
        for each in record.figures
        if each.lost or each.faults
    ]
    return table(["server", "subscribers", "lost", "what was seen"], rows) if rows else "None."


def _alone(record: Record) -> str:
    rows = []
    if it := record.frozen:
        what = f"p99 of {it.others:,} beside a frozen reader, {it.per_second:.1f} messages/s"
        unsent = f"{median(it.unsent) / 1024:,.0f} KB unsent"
        rows.append([what, f"{1000 * median(it.with_p99):.1f} ms ({unsent})"])
        rows.append(["the same without it", f"{1000 * median(it.without_p99):.1f} ms"])
    if back := record.comeback:
        what = f"{back.clients:,} clients cut off at once, {back.missed} events late"
        rows.append([what, f"all caught up after {back.seconds:.2f} s"])
        rows.append(["their reads of the event log", f"{back.reads:,}"])
        rows.append(["SQL statements in all", f"{back.statements:,}"])
    if hot := record.hot_room:
        rows.append(["a send in five quiet rooms, median", f"{1000 * hot.alone:.1f} ms"])
        what = f"the same beside a room with {hot.writers} writers"
        rows.append([what, f"{1000 * hot.beside:.1f} ms"])
        rows.append(["a send in that room", f"{1000 * hot.hot:.1f} ms"])
        rows.append(["errors", f"{hot.errors}"])
    return table(["measured", "found"], rows) if rows else ""


def _sends(record: Record) -> str:
    rows = []
    for each in record.sends:
        where = {0: "Strawberry-Django, a plain INSERT", 1: "Anteroom, all in one room"}
        name = where.get(each.rooms, f"Anteroom, in {each.rooms} rooms")
        spread = f"{min(each.per_second):,.0f} … {max(each.per_second):,.0f}"
        rows.append([name, f"{median(each.per_second):,.0f}", spread])
    return table(["server", "sends/s", "lowest … highest"], rows) if rows else ""


def _profile(record: Record) -> str:
    rows = [[layer, f"{share:.1%}"] for layer, share in record.profile.items()]
    return table(["layer", "share of the samples"], rows) if rows else ""


def _bill(record: Record) -> str:
    """For a million sockets; what a delivery and a socket cost is taken from this run."""
    delivery = record.value("anteroom", TARGET, lambda each: each.cpu_per_delivery)
    socket = record.value("anteroom", TARGET, lambda each: each.bytes_per_socket)
    if not record.bill or delivery is None or socket is None:
        return ""
    items = bill.items(record.bill, delivery, socket)
    rows = [[each.what, each.formula, each.comes_to] for each in items]
    return table(["what", "how it is reckoned", "what it comes to"], rows)
