from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from chat import demo
from chat.models import Room


class Command(BaseCommand):
    help = (
        "Make people and rooms to try Anteroom with, if there is no user yet; print the sign-ins."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        demo.create()
        for username, password in demo.demo_sign_ins():
            self.stdout.write(f"{username:<6} {password}")
        for room in Room.objects.filter(title="The anteroom", owner__username="alice")[:1]:
            self.stdout.write(f"Join code of “{room}”, to ask to come in: {room.join_code}")
