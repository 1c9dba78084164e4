from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.utils import timezone

from accounts import actions
from accounts.actions import (
    authenticate_person,
    create_person,
    end_session,
    open_session,
    revoke_session,
    sessions_of,
)
from accounts.authentication import identity_of_session
from accounts.errors import Invalid, InvalidCredentials, NotFound
from accounts.models import Session
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_the_right_password_finds_the_person(bob: User) -> None:
    assert authenticate_person("bob", PASSWORD) == bob


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("bob", "wrong"),
        ("bob", ""),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("bob\x00", PASSWORD),
        ("bob", f"{PASSWORD}\x00"),
        ("\ud800", PASSWORD),
        ("bob", "\ud800"),
        ("b" * 151, PASSWORD),
        ("bob", "x" * 5000),
    ],
)
def test_everything_else_is_refused_in_the_same_words(
    bob: User, username: str, password: str
) -> None:
    with pytest.raises(InvalidCredentials, match=r"^No active account has this username"):
        authenticate_person(username, password)


def test_somebody_deactivated_is_refused_in_the_same_words(bob: User) -> None:
    bob.is_active = False
    bob.save()

    with pytest.raises(InvalidCredentials):
        authenticate_person("bob", PASSWORD)


@pytest.mark.parametrize("username", ["bob", "nobody", "gone"])
def test_a_refusal_takes_one_hashing_whoever_is_asked_for(
    bob: User, username: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_user("gone", password=PASSWORD, is_active=False)
    encode = MD5PasswordHasher.encode
    spy = Mock(side_effect=lambda *args: encode(MD5PasswordHasher(), *args))
    monkeypatch.setattr(MD5PasswordHasher, "encode", spy)

    with pytest.raises(InvalidCredentials):
        authenticate_person(username, "wrong")

    assert spy.call_count == 1


def test_a_username_is_the_same_in_every_unicode_form(db: None) -> None:
    carol = create_person("\uff43arol", PASSWORD)

    assert carol.username == "carol"
    assert authenticate_person("\uff43arol", PASSWORD) == carol


def test_a_person_who_signed_up_can_sign_in(db: None) -> None:
    carol = create_person("carol", PASSWORD, " Carol ", "Sea")

    assert authenticate_person("carol", PASSWORD) == carol
    assert (carol.first_name, carol.last_name) == ("Carol", "Sea")
    assert not carol.is_staff
    assert not carol.is_superuser


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("username", {"username": ""}),
        ("username", {"username": "has space"}),
        ("username", {"username": "nul\x00"}),
        ("username", {"username": "x" * 151}),
        ("username", {"username": "\ufdfa" * 100}),
        ("username", {"username": "bob"}),
        ("username", {"username": "BOB"}),
        ("password", {"password": ""}),
        ("password", {"password": "short"}),
        ("password", {"password": "12345678901"}),
        ("password", {"password": "password123"}),
        ("password", {"password": "carolcarol"}),
        ("password", {"password": "Constantinople"}),
        ("password", {"password": f"{PASSWORD}\x00"}),
        ("password", {"password": f"{PASSWORD}\ud800"}),
        ("password", {"password": "x" * 5000}),
        ("firstName", {"first_name": "x" * 151}),
        ("firstName", {"first_name": "Ca\x00rol"}),
        ("firstName", {"first_name": "Ca\x1b[31mrol"}),
        ("lastName", {"last_name": "x" * 151}),
        ("lastName", {"last_name": "\udfff"}),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_name_of_its_field(
    bob: User, field: str, bad: dict[str, str]
) -> None:
    good = {
        "username": "carolcarol",
        "password": PASSWORD,
        "first_name": "Carol",
        "last_name": "Constantinople",
    }

    with pytest.raises(Invalid) as caught:
        create_person(**{**good, **bad})

    assert caught.value.field == field
    assert str(caught.value).endswith(".")
    assert User.objects.get() == bob


def test_of_two_people_who_sign_up_at_once_one_is_told(
    bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_check_person", lambda user: None)

    with pytest.raises(Invalid) as caught:
        create_person("bob", PASSWORD)

    assert caught.value.field == "username"
    assert User.objects.count() == 1


def test_an_opened_session_signs_its_person_in(bob: User) -> None:
    store = open_session(bob, "Firefox")

    identity = identity_of_session(store.session_key)
    assert identity
    assert identity.user == bob
    assert Session.objects.get().user_agent == "Firefox"
    bob.refresh_from_db()
    assert bob.last_login


def test_an_ended_session_signs_nobody_in_and_ending_it_again_is_nothing(bob: User) -> None:
    key = open_session(bob, "").session_key or ""

    end_session(key)
    end_session(key)

    assert identity_of_session(key) is None


def test_sessions_are_listed_newest_first_and_only_ones_own(bob: User, eve: User) -> None:
    stores = [open_session(user, "") for user in (bob, eve, bob)]

    keys = [session.session_key for session in sessions_of(bob)]

    assert keys == [stores[2].session_key, stores[0].session_key]


def test_sessions_that_open_nothing_any_more_are_not_listed(bob: User) -> None:
    open_session(bob, "expired")
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    open_session(bob, "old password")
    bob.set_password("another one entirely")
    bob.save()
    open_session(bob, "valid")

    assert [session.user_agent for session in sessions_of(bob)] == ["valid"]


def test_the_list_of_sessions_is_bounded(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LISTED_SESSIONS", 2)
    for agent in "abc":
        open_session(bob, agent)

    assert [session.user_agent for session in sessions_of(bob)] == ["c", "b"]


def test_listing_costs_one_query(bob: User, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        open_session(bob, "")

    with django_assert_num_queries(1):
        assert len(sessions_of(bob)) == 5


@pytest.mark.parametrize("form", [str, lambda public_id: public_id])
def test_a_revoked_session_signs_nobody_in(bob: User, form: Any) -> None:
    revoked, kept = (open_session(bob, "").session_key for _ in range(2))

    revoke_session(bob, form(Session.objects.get(session_key=revoked).public_id))

    assert identity_of_session(revoked) is None
    assert identity_of_session(kept)


@pytest.mark.parametrize(
    "public_id", ["", "no uuid", "\x00", "5f0c9a52-7b1e-4c55-9d0e-3f6d3c1d2a11"]
)
def test_an_unknown_session_cannot_be_revoked(bob: User, public_id: str) -> None:
    with pytest.raises(NotFound, match="no such session"):
        revoke_session(bob, public_id)


def test_a_session_of_somebody_else_cannot_be_told_from_an_unknown_one(
    bob: User, eve: User
) -> None:
    open_session(eve, "")

    with pytest.raises(NotFound):
        revoke_session(bob, Session.objects.get().public_id)

    assert Session.objects.exists()
