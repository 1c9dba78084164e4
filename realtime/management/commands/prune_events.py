from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from realtime.conf import limits
from realtime.retention import prune


class Command(BaseCommand):
    help = "Remove events that are too old or too many. Cursors older than that expire."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=float, default=limits().retention_days)
        parser.add_argument("--events", type=int, default=limits().retention_events)

    def handle(self, *, days: float, events: int, **_: Any) -> None:
        if days < 0 or events < 0:
            raise CommandError("--days and --events must not be negative.")
        removed = prune(before=timezone.now() - timedelta(days=days), keep=events)
        self.stdout.write(f"Removed {removed} events.")
