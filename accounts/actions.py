"""
What people do about their own accounts.

A sign-in has two halves: find the person (:func:`authenticate_person` or
:func:`create_person`), then open a session for them, with a cookie
(:func:`sign_in_request`) or without (:func:`open_session`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    authenticate,
    login,
    logout,
)
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import rates
from accounts.addresses import neighbourhood
from accounts.authentication import still_opens
from accounts.errors import Invalid, InvalidCredentials, NotFound
from accounts.models import Session
from accounts.sessions import SessionStore

LONGEST_PASSWORD = 4096
LISTED_SESSIONS = 100
API_NAMES = {"first_name": "firstName", "last_name": "lastName"}
TAKEN = "Somebody already has this username."


def authenticate_person(username: str, password: str, *, host: str = "") -> User:
    """
    Return the active person with this username and password, for a client at ``host``.

    Takes one password hashing whether or not there is such a person.

    Raises:
        InvalidCredentials: If there is none, for whatever reason.
        RateLimited: If it was tried too often; nothing is hashed then.

    """
    username = User.normalize_username(username)
    if _flaw(username, 150) or _flaw(password, LONGEST_PASSWORD):
        raise InvalidCredentials
    rates.spend_sign_in(username, host)
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise InvalidCredentials
    rates.welcome(username, host)
    return user


def create_person(
    username: str, password: str, first_name: str = "", last_name: str = "", *, host: str = ""
) -> User:
    """
    Sign somebody up, for a client at ``host``.

    Usernames that differ only in case count as the same; two sign-ups at the same
    moment can get past that, never past exact equality.

    Raises:
        Invalid: If a field cannot be used; names the first that was found.
        RateLimited: If it was tried too often: it tells which usernames are taken.

    """
    rates.spend("sign_ups", neighbourhood(host))
    user = User(
        username=User.normalize_username(username),
        first_name=first_name.strip(),
        last_name=last_name.strip(),
    )
    _check_texts(user, password)
    _check_person(user)
    _check_password(password, user)
    user.set_password(password)
    return _insert(user)


def sign_in_request(request: HttpRequest, user: User) -> SessionStore:
    """
    Sign ``user`` in on ``request``: its response sets the cookie, and the CSRF token is new.

    A request that came with an Authorization header gets a session and no cookie.
    """
    login(request, user, backend=_backend_of(user))
    assert isinstance(request.session, SessionStore)  # noqa: S101  # settings.SESSION_ENGINE
    return request.session


def open_session(user: User, user_agent: str) -> SessionStore:
    """Sign ``user`` in where there is no response to set a cookie on: over a WebSocket."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = _backend_of(user)
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.begin(user_agent)
    update_last_login(User, user)
    return store


def sign_out_request(request: HttpRequest) -> None:
    """End the session of ``request``; its response deletes the cookie."""
    logout(request)


def end_session(session_key: str) -> None:
    """End a session by its key; nothing happens if it is over already."""
    SessionStore(session_key).delete()


def sessions_of(user: User) -> Sequence[Session]:
    """Return the sessions by which ``user`` is signed in, newest first, 100 at most."""
    sessions = Session.objects.unexpired().filter(user=user).select_related("user")
    newest = sessions.order_by("-created_at", "-public_id")[:LISTED_SESSIONS]
    return [session for session in newest if still_opens(session)]


def revoke_session(user: User, public_id: str | UUID) -> None:
    """
    End one of the user's own sessions, this one included.

    Raises:
        NotFound: If ``user`` has no session of that id.

    """
    deleted, _ = Session.objects.filter(user=user, public_id=_uuid(public_id)).delete()
    if not deleted:
        raise NotFound("session")


def _check_texts(user: User, password: str) -> None:
    for field, text, longest in (
        ("username", user.username, 150),
        ("password", password, LONGEST_PASSWORD),
        ("firstName", user.first_name, 150),
        ("lastName", user.last_name, 150),
    ):
        if flaw := _flaw(text, longest):
            raise Invalid(field, flaw)


def _check_person(user: User) -> None:
    try:
        user.full_clean(exclude={"password"})
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise Invalid(API_NAMES.get(field, field), " ".join(reasons)) from error
    if User.objects.filter(username__iexact=user.username).exists():
        raise Invalid("username", TAKEN)


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("password", " ".join(error.messages)) from error


def _insert(user: User) -> User:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid("username", TAKEN) from error
    return user


def _flaw(text: str, longest: int) -> str | None:
    """Say why no database or hasher should see ``text``, if there is a reason."""
    if len(text) > longest:
        return f"At most {longest} characters are allowed."
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return "Control characters are not allowed."
    return None


def _backend_of(user: User) -> str:
    backend: str = getattr(user, "backend", settings.AUTHENTICATION_BACKENDS[0])
    return backend


def _uuid(text: str | UUID) -> UUID:
    try:
        return UUID(str(text))
    except ValueError as error:
        raise NotFound("session") from error
