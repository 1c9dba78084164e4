"""
Ten thousand people in a room, without ten thousand requests to be let in.

``python -m benchmarks.people COUNT ROOMS`` fills the database of ``DATABASE_URL`` and
prints who is there. Nobody can sign in by a password: hashing is not what is measured.
"""

from __future__ import annotations

import json
import secrets
import string
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROOT = Path(__file__).resolve().parent.parent
_KEY_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class People:
    """Tokens of people who are all in all the rooms, and the rooms' global ids."""

    tokens: Sequence[str]
    rooms: Sequence[str]


def settle(environment: Mapping[str, str], people: int, rooms: int) -> People:
    """Migrate the database that ``environment`` names, and fill it, in a process of its own."""
    done = subprocess.run(  # noqa: S603  # ourselves
        [sys.executable, "-m", "benchmarks.people", str(people), str(rooms)],
        cwd=ROOT,
        env=dict(environment),
        check=True,
        stdout=subprocess.PIPE,
        timeout=300,
    )
    return People(**json.loads(done.stdout))


def main(people: int, rooms: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    users = _make_users(people)
    made = People(_sign_in(users), _make_rooms(users, rooms))
    sys.stdout.write(json.dumps(asdict(made)))


def _make_users(people: int) -> list[User]:
    from django.contrib.auth.models import User

    users = [
        User(username=f"person-{n}", password=f"!{secrets.token_hex(20)}") for n in range(people)
    ]
    return User.objects.bulk_create(users, batch_size=2_000)


def _sign_in(users: Sequence[User]) -> list[str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from accounts.models import Session
    from accounts.sessions import SessionStore
    from accounts.tokens import token_for

    store, sessions = SessionStore(), []
    for user in users:
        data = {
            SESSION_KEY: str(user.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }
        key = "".join(secrets.choice(_KEY_LETTERS) for _ in range(32))
        expiry = store.get_expiry_date()
        sessions.append(
            Session(session_key=key, session_data=store.encode(data), expire_date=expiry, user=user)
        )
    Session.objects.bulk_create(sessions, batch_size=2_000)
    return [token_for(session.session_key) for session in sessions]


def _make_rooms(users: Sequence[User], rooms: int) -> list[str]:
    from django.contrib.auth.models import User
    from django.db import connection

    from chat import changes
    from chat.models import Room
    from schema import ids

    owner = User.objects.create(username="owner", password="!")  # noqa: S106  # nobody's
    made: list[str] = []
    for n in range(rooms):
        room = changes.create_room(owner=owner, title=f"Room {n}", access=Room.Access.OPEN)
        with connection.cursor() as cursor:
            # Past the doors that tell everyone: nobody is there to be told yet.
            cursor.execute(_ALL_ARE_MEMBERS, [room.pk, [user.pk for user in users]])
        made.append(ids.encode("Room", room.pk))
    return made


_ALL_ARE_MEMBERS = """
    INSERT INTO chat_membership (room_id, user_id, since) SELECT %s, unnest(%s), now()
"""

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
