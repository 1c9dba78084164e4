"""
Who is asking: the one place that turns credentials into a signed-in person.

HTTP and sockets ask the same questions here. Credentials are read from what the
client sent alone; everything else reads the database at the moment of asking,
changes nothing, and is to be called in a worker thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import constant_time_compare

from accounts.models import Session
from accounts.sessions import SessionStore, is_possible
from accounts.tokens import session_key_of


@dataclass(frozen=True, slots=True)
class Identity:
    """
    A person, and the session by which they are signed in.

    ``password`` is the hash of the one that held then; :func:`accounts.liveness.ended`
    tells whether all of it still holds.
    """

    user: User
    session_key: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    What a request shows to say who it is; nothing is looked up yet.

    ``by_header`` says that there is an Authorization header. It is then judged by
    that alone: without a ``session_key`` the header is invalid, whatever the
    cookie holds.
    """

    session_key: str | None = field(repr=False)
    by_header: bool


def credentials_of(headers: Mapping[str, str]) -> Credentials:
    """Read the credentials in ``headers``, whose names are in lower case."""
    if (authorization := headers.get("authorization")) is not None:
        return credentials_of_authorization(authorization)
    cookies = parse_cookie(headers.get("cookie", ""))
    return Credentials(cookies.get(settings.SESSION_COOKIE_NAME), by_header=False)


def credentials_of_authorization(authorization: str) -> Credentials:
    """Read the credentials in what an Authorization header would hold."""
    return Credentials(_session_key_in(authorization), by_header=True)


def identity_of_request(request: HttpRequest) -> Identity | None:
    """Return who sent a request that came through the middleware, as of now."""
    identity = identity_of_session(request.session.session_key)
    request.session.accessed = True
    if isinstance(request.session, SessionStore):
        request.session.seen = identity is not None
    return identity


def identity_of_session(session_key: str | None) -> Identity | None:
    """Return who is signed in by the session, None if it is over or was never anybody's."""
    return None if session_key is None else identities([session_key]).get(session_key)


def identities(session_keys: Collection[str]) -> Mapping[str, Identity]:
    """Return who is signed in by each of the sessions that are somebody's, in one query."""
    sessions = Session.objects.signed_in([key for key in session_keys if is_possible(key)])
    return {
        session.session_key: Identity(user, session.session_key, user.password)
        for session in sessions
        if (user := session.user) is not None and still_opens(session)
    }


def still_opens(session: Session) -> bool:
    """Whether the session was begun by its user, with a password that is still theirs."""
    user, data = session.user, session.get_decoded()
    auth_hash = data.get(HASH_SESSION_KEY, "")
    return (
        user is not None
        and data.get(SESSION_KEY) == str(user.pk)
        and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and any(constant_time_compare(auth_hash, each) for each in _hashes(user))
    )


def _hashes(user: User) -> Iterator[str]:
    yield user.get_session_auth_hash()
    yield from user.get_session_auth_fallback_hash()


def _session_key_in(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return session_key_of(token.strip()) if scheme.lower() == "bearer" else None
