"""Which sign-ins are over, asked for many at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from django.contrib.auth.models import User

from accounts.authentication import Identity
from accounts.models import Session


def ended(identities: Collection[Identity]) -> set[str]:
    """
    Return the session keys of those ``identities`` that no longer hold.

    A session is over when it was signed out, revoked or has expired, and when its
    user was deactivated or changed the password. One query, for any number.
    """
    current = _current_hashes({each.session_key for each in identities}) if identities else {}
    return {
        each.session_key
        for each in identities
        if current.get(each.session_key) != (each.user.pk, each.auth_hash)
    }


def _current_hashes(session_keys: Collection[str]) -> Mapping[str, tuple[int, str]]:
    # One instance for all: making one for each takes longer than its hash.
    someone = User()
    hashes = {}
    for key, user_id, password in _holders(session_keys):
        someone.password = password
        hashes[key] = (user_id, someone.get_session_auth_hash())
    return hashes


def _holders(session_keys: Collection[str]) -> Iterator[tuple[str, int, str]]:
    sessions = Session.objects.with_keys(session_keys).unexpired().filter(user__is_active=True)
    yield from sessions.values_list("session_key", "user_id", "user__password").iterator()
