from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import end_session, open_session
from accounts.authentication import Identity, identity_of_session
from accounts.liveness import ended
from accounts.models import Session
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def _signed_in(user: User) -> Identity:
    identity = identity_of_session(open_session(user, "").session_key)
    assert identity
    return identity


def _session(identity: Identity) -> Any:
    return Session.objects.filter(session_key=identity.session_key)


def _sign_out(identity: Identity) -> None:
    end_session(identity.session_key)


def _expire(identity: Identity) -> None:
    _session(identity).update(expire_date=timezone.now())


def _change_key(identity: Identity) -> None:
    SessionStore(identity.session_key).cycle_key()


def _clear(identity: Identity) -> None:
    store = SessionStore(identity.session_key)
    store.clear()
    store.save()


def _deactivate(identity: Identity) -> None:
    User.objects.filter(pk=identity.user.pk).update(is_active=False)


def _change_password(identity: Identity) -> None:
    user = User.objects.get(pk=identity.user.pk)
    user.set_password("another one entirely")
    user.save()


@pytest.mark.parametrize(
    "end", [_sign_out, _expire, _change_key, _clear, _deactivate, _change_password]
)
def test_what_ends_a_session_is_noticed_for_that_session_alone(
    bob: User, eve: User, end: Callable[[Identity], None]
) -> None:
    bobs, eves = _signed_in(bob), _signed_in(eve)
    assert ended([bobs, eves]) == set()

    end(bobs)

    assert ended([bobs, eves]) == {bobs.session_key}


def test_a_session_taken_over_by_somebody_else_is_over(bob: User, eve: User) -> None:
    bobs = _signed_in(bob)
    User.objects.filter(pk=eve.pk).update(password=bob.password)

    _session(bobs).update(user=eve)

    assert ended([bobs]) == {bobs.session_key}


def test_a_password_change_ends_all_sessions_of_the_person(bob: User) -> None:
    identities = [_signed_in(bob) for _ in range(3)]

    _change_password(identities[0])

    assert ended(identities) == {each.session_key for each in identities}


def test_a_session_begun_under_an_older_secret_key_is_not_over(bob: User, settings: Any) -> None:
    key = open_session(bob, "").session_key
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    identity = identity_of_session(key)

    assert identity
    assert ended([identity]) == set()


def test_any_number_costs_one_query(bob: User) -> None:
    one = _signed_in(bob)
    many = [Identity(bob, f"{n:032}", one.password) for n in range(100_000)]

    with CaptureQueriesContext(connection) as queries:
        over = ended([*many, one])

    assert len(queries) == 1
    assert over == {each.session_key for each in many}


def test_nobody_to_ask_about_costs_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert ended([]) == set()
