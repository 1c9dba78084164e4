"""``python -m benchmarks``: measure, print the tables and, if asked, write the page."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import cores, page, record, report, run
from benchmarks.load import Broken
from benchmarks.plan import LONG, QUICK, Plan
from benchmarks.record import Record
from benchmarks.servers import KINDS

RAW = Path("var/bench.json")


def main() -> int:
    arguments = _parser().parse_args()
    try:
        found = record.load(RAW) if arguments.again else _measure(arguments)
    except Broken as broken:
        _say(f"A GUARANTEE DOES NOT HOLD, or a server cannot be measured: {broken}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        _say("Stopped.")
        return 130
    _say(report.terminal(found))
    if arguments.markdown:
        page.write(found)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["all", "profile"], default="all", help="or the profile alone"
    )
    parser.add_argument("--quick", action="store_true", help="in under two minutes")
    parser.add_argument("--only", help="servers, with commas between", type=_names, default=())
    parser.add_argument("--sizes", help="numbers of subscribers, with commas", type=_numbers)
    parser.add_argument("--markdown", action="store_true", help="write the page, too")
    parser.add_argument("--again", action="store_true", help=f"from {RAW}, measuring nothing")
    return parser


def _names(text: str) -> Sequence[str]:
    names = text.split(",")
    if unknown := set(names) - {kind.name for kind in KINDS}:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}")
    return names


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(","))


def _measure(arguments: argparse.Namespace) -> Record:
    plan: Plan = QUICK if arguments.quick else LONG
    if arguments.sizes:
        plan = replace(plan, sizes=arguments.sizes)
    cores.stay_beside()
    cores.allow_many_sockets()
    made = run.Run(plan, _say, _keep, arguments.only)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if arguments.what == "profile":
            before = record.load(RAW) if RAW.exists() else None
            return runner.run(_until_told_to_stop(made.dissect(before)))
        return runner.run(_until_told_to_stop(made.through()))


async def _until_told_to_stop(measuring: Coroutine[Any, Any, Record]) -> Record:
    """Measure, and clean up on SIGTERM as on SIGINT, which asyncio sees to by itself."""
    task = asyncio.ensure_future(measuring)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _keep(found: Record) -> None:
    record.save(found, RAW)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
