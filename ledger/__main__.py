"""``python -m ledger``: the long form, or the one of about a minute with ``--quick``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from ledger.load import LONG, QUICK
from ledger.report import Report
from ledger.run import Plan, run

_QUICK_DELIVERIES = 20_000
_LONG_DELIVERIES = 1_000_000


def main() -> int:
    arguments = _parser().parse_args()
    plan = _plan(arguments)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            report = runner.run(_until_told_to_stop(plan))
        except (KeyboardInterrupt, asyncio.CancelledError):
            _say("Stopped.")
            return 130
    text = report.markdown()
    _say(f"\n{text}")
    _say("The ledger is clean." if report.is_good else "THE LEDGER IS NOT CLEAN.")
    if arguments.markdown:
        arguments.markdown.write_text(text)
    return 0 if report.is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ledger", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every kind of fault once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deliveries", type=int, help="go on in rounds until so many are made")
    parser.add_argument("--minutes", type=float, help="begin no new round after this")
    parser.add_argument("--markdown", type=Path, help="write the tables there, too")
    return parser


def _plan(arguments: argparse.Namespace) -> Plan:
    size, deliveries, minutes = (
        (QUICK, _QUICK_DELIVERIES, 5) if arguments.quick else (LONG, _LONG_DELIVERIES, 40)
    )
    return Plan(
        arguments.seed,
        size,
        arguments.deliveries or deliveries,
        60 * (arguments.minutes or minutes),
    )


async def _until_told_to_stop(plan: Plan) -> Report:
    """Run, and clean up on SIGTERM as on SIGINT, which asyncio sees to by itself."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  # a coroutine runs in one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(plan, _say)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
