from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import open_session
from accounts.authentication import (
    Credentials,
    Identity,
    credentials_of,
    credentials_of_authorization,
    identity_of_session,
)
from accounts.models import Session
from accounts.sessions import SessionStore
from accounts.tokens import token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(bob: User) -> str:
    return open_session(bob, "Firefox").session_key or ""


@pytest.fixture
def eves_key(eve: User) -> str:
    return open_session(eve, "Firefox").session_key or ""


def _shown(credentials: Credentials) -> Identity | None:
    return identity_of_session(credentials.session_key)


def test_an_open_session_is_its_users_identity(bob: User, key: str) -> None:
    assert identity_of_session(key) == Identity(bob, key, bob.password)


def test_an_identity_costs_one_query(key: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        identity_of_session(key)

    assert len(queries) == 1


def _delete(user: User) -> None:
    Session.objects.all().delete()


def _expire(user: User) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def _deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _change_password(user: User) -> None:
    user.set_password("another one entirely")
    user.save()


def _delete_user(user: User) -> None:
    user.delete()


def _forge_user(user: User) -> None:
    # Somebody whose password, and so whose auth hash, happens to be the same.
    Session.objects.update(user=User.objects.create(username="mallory", password=user.password))


def _forge_data(user: User) -> None:
    Session.objects.update(session_data="forged")


def _drop_backend(user: User) -> None:
    store = SessionStore(Session.objects.get().session_key)
    store[BACKEND_SESSION_KEY] = "gone.Backend"
    store.save()


@pytest.mark.parametrize(
    "end",
    [
        _delete,
        _expire,
        _deactivate,
        _change_password,
        _delete_user,
        _forge_user,
        _forge_data,
        _drop_backend,
    ],
)
def test_a_session_that_is_over_is_nobody(bob: User, key: str, end: Callable[[User], None]) -> None:
    assert identity_of_session(key)

    end(bob)

    assert identity_of_session(key) is None


def test_an_anonymous_session_is_nobody() -> None:
    store = SessionStore()
    store["colour"] = "green"
    store.save()

    assert identity_of_session(store.session_key) is None


@pytest.mark.parametrize("key", [None, "", "short", "0" * 32, "\x00" * 32, "a" * 10_000])
def test_no_session_is_nobody(key: str | None) -> None:
    assert identity_of_session(key) is None


def test_a_session_outlives_the_rotation_of_the_secret_key(
    bob: User, key: str, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    identity = identity_of_session(key)

    assert identity
    assert identity_of_session(key) == identity


def test_a_session_ends_with_the_last_key_that_signed_it(key: str, settings: Any) -> None:
    settings.SECRET_KEY = "a new one"

    assert identity_of_session(key) is None


def test_a_token_is_its_sessions_identity(key: str) -> None:
    by_token = credentials_of({"authorization": f"Bearer {token_for(key)}"})

    assert _shown(by_token) == identity_of_session(key)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_is_read_in_any_case(key: str, scheme: str) -> None:
    assert _shown(credentials_of_authorization(scheme + token_for(key))) == identity_of_session(key)


@pytest.mark.parametrize("form", ["{token}", "Basic {token}", "Bearer", "Bearer x{token}", ""])
def test_any_other_authorization_is_invalid(key: str, form: str) -> None:
    authorization = form.format(token=token_for(key))

    assert _shown(credentials_of_authorization(authorization)) is None
    assert credentials_of({"authorization": authorization}).session_key is None


def test_headers_identify_by_the_cookie(key: str, settings: Any) -> None:
    headers = {"cookie": f"theme=dark; {settings.SESSION_COOKIE_NAME}={key}"}

    assert _shown(credentials_of(headers)) == identity_of_session(key)
    assert not credentials_of(headers).by_header


def test_an_authorization_outweighs_the_cookie(bob: User, key: str, eves_key: str) -> None:
    headers = {"cookie": f"sessionid={eves_key}", "authorization": f"Bearer {token_for(key)}"}

    identity = _shown(credentials_of(headers))

    assert identity
    assert identity.user == bob


@pytest.mark.parametrize("authorization", ["", "Bearer forged", "Basic Ym9iOmJvYg=="])
def test_an_invalid_authorization_is_not_saved_by_a_valid_cookie(
    key: str, authorization: str
) -> None:
    headers = {"cookie": f"sessionid={key}", "authorization": authorization}

    assert _shown(credentials_of(headers)) is None
    assert credentials_of(headers).by_header


def test_no_credentials_differ_from_invalid_ones() -> None:
    assert not credentials_of({}).by_header
    assert credentials_of({"authorization": "x"}).by_header


def test_secrets_stay_out_of_what_is_logged(key: str) -> None:
    identity = identity_of_session(key)

    assert identity
    assert key not in repr(identity)
    assert identity.password not in repr(identity)
    assert key not in repr(credentials_of({"cookie": f"sessionid={key}"}))


def test_identifying_changes_nothing(key: str) -> None:
    before = Session.objects.values().get()

    identity_of_session(key)

    assert Session.objects.values().get() == before
    assert SessionStore(key)[SESSION_KEY]
