from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from schema.api import printed


class Command(BaseCommand):
    help = "Print the API into schema.graphql, or check that it is printed there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")

    def handle(self, *, check: bool, **_: Any) -> None:
        path = Path(settings.BASE_DIR) / "schema.graphql"
        if not check:
            path.write_text(printed())
        elif not path.exists() or path.read_text() != printed():
            raise CommandError("schema.graphql is not what the code says: run make schema.")
