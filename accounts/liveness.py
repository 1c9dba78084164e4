"""Which sign-ins are over, asked for many at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from accounts.authentication import Identity
from accounts.models import Session


def ended(identities: Collection[Identity]) -> set[str]:
    """
    Return the session keys of those ``identities`` that no longer hold.

    A session is over when it was signed out, revoked or has expired, and when its
    user was deactivated or changed the password. One query, for any number.
    """
    current = _holders({each.session_key for each in identities}) if identities else {}
    return {
        each.session_key
        for each in identities
        if current.get(each.session_key) != (each.user.pk, each.password)
    }


def _holders(session_keys: Collection[str]) -> Mapping[str, tuple[int, str]]:
    """The users and passwords of the sessions that are active people's."""
    sessions = Session.objects.with_keys(session_keys).unexpired().filter(user__is_active=True)
    held = sessions.values_list("session_key", "user_id", "user__password")
    return {key: (user_id, password) for key, user_id, password in held.iterator()}
