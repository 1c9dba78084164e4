from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from accounts.actions import end_session, open_session, revoke_session
from accounts.models import Session
from accounts.ringing import sessions_changed
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bell_rings_after_the_commit_and_once(rings: list[str]) -> None:
    with transaction.atomic():
        sessions_changed()
        with transaction.atomic():
            sessions_changed()
        assert rings == []

    assert rings == ["sessions"]


def test_the_bell_does_not_ring_for_what_was_rolled_back(rings: list[str]) -> None:
    with transaction.atomic():
        sessions_changed()
        transaction.set_rollback(True)

    assert rings == []


def _sign_out(user: User) -> None:
    end_session(Session.objects.get().session_key)


def _flush(user: User) -> None:
    SessionStore(Session.objects.get().session_key).flush()


def _revoke(user: User) -> None:
    revoke_session(user, Session.objects.get().public_id)


def _deactivate(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def _change_password(user: User) -> None:
    user.set_password("another one entirely")
    user.save(update_fields=["password"])


def _edit_in_admin(user: User) -> None:
    user.is_active = False
    user.save()


def _delete_user(user: User) -> None:
    user.delete()


@pytest.mark.parametrize(
    "end",
    [_sign_out, _flush, _revoke, _deactivate, _change_password, _edit_in_admin, _delete_user],
)
def test_the_bell_rings_when_sessions_may_have_ended(
    bob: User, rings: list[str], end: Callable[[User], None]
) -> None:
    open_session(bob, "")
    assert rings == []

    end(bob)

    assert rings == ["sessions"]


def test_the_bell_does_not_ring_for_what_ends_no_session(bob: User, rings: list[str]) -> None:
    bob.first_name = "Robert"
    bob.save(update_fields=["first_name"])
    User.objects.create_user("carol")
    anonymous = SessionStore()
    anonymous.save()
    anonymous.flush()

    assert rings == []


def test_a_failing_bell_fails_no_sign_out(bob: User, monkeypatch: Any) -> None:
    def fail(group: str) -> None:
        raise OSError

    open_session(bob, "")
    monkeypatch.setattr("realtime.bell.ring_group", fail)

    _sign_out(bob)

    assert not Session.objects.exists()
