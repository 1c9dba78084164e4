from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.actions import open_session, sessions_of
from accounts.authentication import identity_of_session
from accounts.models import Session
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True)

SESSIONS = "/admin/accounts/session/"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def admin_site(root: User) -> Client:
    """A browser in which root has signed in to the admin site by its form."""
    client = Client(headers={"User-Agent": "Firefox/1.0"})
    client.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": SESSIONS})
    return client


def test_signing_in_to_the_admin_site_is_a_listed_session(root: User, admin_site: Client) -> None:
    (session,) = sessions_of(root)

    assert session.user_agent == "Firefox/1.0"
    assert session.session_key == admin_site.cookies["sessionid"].value


def test_a_password_change_keeps_the_session_in_which_it_is_made(
    root: User, admin_site: Client
) -> None:
    (before,) = sessions_of(root)
    open_session(root, "another browser")

    form = {"old_password": PASSWORD, "new_password1": "x" * 20, "new_password2": "x" * 20}
    admin_site.post("/admin/password_change/", form)

    root.refresh_from_db()
    (after,) = sessions_of(root)
    assert (after.public_id, after.created_at, after.user_agent) == (
        before.public_id,
        before.created_at,
        "Firefox/1.0",
    )
    assert after.session_key != before.session_key
    assert admin_site.get(SESSIONS).status_code == 200


def test_signing_out_of_the_admin_site_ends_the_session(
    admin_site: Client, rings: list[str]
) -> None:
    admin_site.post("/admin/logout/")

    assert not Session.objects.exists()
    assert rings == ["sessions"]


def test_the_admin_site_lists_sessions_and_shows_no_key(admin_site: Client, bob: User) -> None:
    key = open_session(bob, "Netscape").session_key or ""
    session = Session.objects.get(session_key=key)

    pages = [
        admin_site.get(path).content.decode()
        for path in (
            SESSIONS,
            f"{SESSIONS}{session.pk}/change/",
            f"{SESSIONS}{session.pk}/delete/",
        )
    ]

    for page in pages[:2]:
        assert "bob" in page
        assert "Netscape" in page
    for page in pages:
        assert key not in page
        assert session.session_data not in page


def test_sessions_cannot_be_made_or_changed_in_the_admin_site(
    admin_site: Client, bob: User
) -> None:
    open_session(bob, "Netscape")
    session = Session.objects.get(user=bob)

    made = admin_site.post(f"{SESSIONS}add/", {"user": bob.pk})
    changed = admin_site.post(f"{SESSIONS}{session.pk}/change/", {"user_agent": "Chrome"})

    assert (made.status_code, changed.status_code) == (403, 403)


@pytest.mark.parametrize("many", [True, False])
def test_deleting_a_session_in_the_admin_site_revokes_it(
    admin_site: Client, bob: User, rings: list[str], many: bool
) -> None:
    key = open_session(bob, "").session_key
    session = Session.objects.get(user=bob)

    if many:
        form = {"action": "delete_selected", "_selected_action": session.pk, "post": "yes"}
        admin_site.post(SESSIONS, form)
    else:
        admin_site.post(f"{SESSIONS}{session.pk}/delete/", {"post": "yes"})

    assert identity_of_session(key) is None
    assert rings == ["sessions"]


def test_deactivating_somebody_in_the_admin_site_rings(
    admin_site: Client, bob: User, rings: list[str]
) -> None:
    key = open_session(bob, "").session_key
    change = f"/admin/auth/user/{bob.pk}/change/"
    form = {"username": "bob", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}

    admin_site.post(change, form)

    assert identity_of_session(key) is None
    assert rings == ["sessions"]
