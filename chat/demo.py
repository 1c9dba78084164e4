"""
The people and rooms that a new installation begins with, so that it can be tried at once.

Their passwords are random and kept in ``DATA_DIR/demo.txt``, readable only by
whoever runs the server.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from chat import actions
from chat.models import Room

ADMIN = "admin"
PEOPLE = {"alice": "Alice", "bob": "Bob", "carol": "Carol", ADMIN: "Admin"}

_WORDS = """
    acorn amber apple aspen badge basil beach birch bison bloom brook cabin camel candy cedar
    chalk cherry cloud clover cobalt comet coral crane daisy delta ember fable falcon fern fig
    finch flint frost ginger grove hazel heron honey indigo iris ivory jade juniper kite lake
    lemon lilac lotus lunar maple marble meadow melon mint moss nectar olive onyx opal orbit
    otter panda peach pearl pebble pepper plum pollen poppy quartz quill raven reed river robin
    ruby sage salmon scarf shell silver spruce star stone swan thyme tiger topaz tulip velvet
    violet walnut willow winter zebra
""".split()  # noqa: SIM905  # words read better than 95 quoted strings


class SignIn(NamedTuple):
    username: str
    password: str


def demo_sign_ins() -> list[SignIn]:
    """The people of :func:`create` and their first passwords; none if they were never made."""
    try:
        lines = _path().read_text().splitlines()
    except FileNotFoundError:
        return []
    return [SignIn(*line.split()) for line in lines]


def create() -> bool:
    """
    Make the demo's people and rooms if the database has no user at all.

    Returns whether it did.
    """
    people = _create_people()
    if people:
        _create_rooms(people)
    return bool(people)


@transaction.atomic
def _create_people() -> dict[str, User]:
    if User.objects.exists():
        return {}
    sign_ins = [SignIn(username, _password()) for username in PEOPLE]
    people = {each.username: _person(each) for each in sign_ins}
    # Before the commit: people whose passwords were never written could not be signed in as.
    _keep(sign_ins)
    return people


def _create_rooms(people: dict[str, User]) -> None:
    alice = people["alice"]
    lobby = actions.create_room(actor=alice, title="Lobby", access=Room.Access.OPEN)
    room = actions.create_room(actor=alice, title="The anteroom", access=Room.Access.BY_REQUEST)
    for text in (
        "Welcome! This room has a door: ask to come in, and I see it at once.",
        "What is said here reaches everyone once and in order, whatever happens on the way.",
        "Try it: close the page, let somebody write, and open it again.",
    ):
        actions.send_message(actor=alice, room_id=room.pk, text=text)
    actions.send_message(actor=alice, room_id=lobby.pk, text="The lobby is open to everyone.")


def _person(sign_in: SignIn) -> User:
    is_admin = sign_in.username == ADMIN
    return User.objects.create_user(
        sign_in.username,
        password=sign_in.password,
        first_name=PEOPLE[sign_in.username],
        is_staff=is_admin,
        is_superuser=is_admin,
    )


def _password() -> str:
    """Three words and four digits, as in ``amber-otter-plum-4821``: 33 bits."""
    words = "-".join(secrets.choice(_WORDS) for _ in range(3))
    return f"{words}-{secrets.randbelow(10_000):04}"


def _keep(sign_ins: list[SignIn]) -> None:
    draft = _path().with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{username} {password}\n" for username, password in sign_ins))
    draft.replace(_path())


def _path() -> Path:
    return Path(settings.DATA_DIR) / "demo.txt"
