from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from realtime import epoch


class Command(BaseCommand):
    help = "Begin a new history: a step of every restore. All cursors given out before expire."

    def handle(self, **_: Any) -> None:
        self.stdout.write(f"The epoch is now {epoch.rotate()}.")
