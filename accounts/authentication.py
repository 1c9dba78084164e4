"""
Who is asking: the one place that turns credentials into a signed-in person.

HTTP and sockets ask the same questions here. Everything reads the database at
the moment of asking, changes nothing, and is to be called in a worker thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.http import HttpRequest, parse_cookie
from django.utils.crypto import constant_time_compare

from accounts.models import Session
from accounts.sessions import SessionStore
from accounts.tokens import session_key_of


@dataclass(frozen=True, slots=True)
class Identity:
    """
    A person, and the session by which they are signed in.

    ``auth_hash`` stands for the password that held then, under today's ``SECRET_KEY``;
    :func:`accounts.liveness.ended` tells whether all of it still holds.
    """

    user: User
    session_key: str = field(repr=False)
    auth_hash: str = field(repr=False)
    expires_at: datetime


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
        return Credentials(_session_key_in(authorization), by_header=True)
    cookies = parse_cookie(headers.get("cookie", ""))
    return Credentials(cookies.get(settings.SESSION_COOKIE_NAME), by_header=False)


def identity_of_headers(headers: Mapping[str, str]) -> Identity | None:
    """Return who sent ``headers``; None for nobody and for an invalid Authorization alike."""
    return identity_of_session(credentials_of(headers).session_key)


def identity_of_authorization(authorization: str) -> Identity | None:
    """Return who may use this ``Bearer <token>``, None if it is invalid."""
    return identity_of_session(_session_key_in(authorization))


def identity_of_token(token: str) -> Identity | None:
    return identity_of_session(session_key_of(token))


def identity_of_request(request: HttpRequest) -> Identity | None:
    """Return who sent a request that came through the middleware, as of now."""
    identity = identity_of_session(request.session.session_key)
    request.session.accessed = True
    if isinstance(request.session, SessionStore):
        request.session.seen = identity is not None
    return identity


def identity_of_session(session_key: str | None) -> Identity | None:
    """Return who is signed in by the session, None if it is over or was never anybody's."""
    key = SessionStore(session_key).session_key
    if key is None:
        return None
    sessions = Session.objects.unexpired().select_related("user")
    session = sessions.filter(session_key=key, user__is_active=True).first()
    if session is None or session.user is None or not still_opens(session):
        return None
    return Identity(session.user, key, session.user.get_session_auth_hash(), session.expire_date)


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
