from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.sessions import SessionStore


class Command(BaseCommand):
    help = "Remove the sessions that have expired; run it daily."

    def handle(self, **_: Any) -> None:
        SessionStore.clear_expired()
