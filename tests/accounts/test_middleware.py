from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import sightings
from accounts.actions import open_session
from accounts.models import Session
from accounts.sessions import SessionStore
from accounts.tokens import session_key_of, token_for

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]

EVERY_VIEW_OF_WHO = ["/who/", "/who-async/", "/who-identified/"]


@pytest.fixture
def key(bob: User) -> str:
    return open_session(bob, "Firefox").session_key or ""


@pytest.fixture
def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_for(key)}"}


@pytest.fixture
def browser(eve: User) -> Client:
    """Eve's, with her cookie, and as strict about CSRF as a real one is treated."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(eve)
    return client


@pytest.mark.parametrize("path", EVERY_VIEW_OF_WHO)
def test_a_cookie_says_who_is_asking(browser: Client, path: str) -> None:
    assert browser.get(path).json() == {"user": "eve"}


@pytest.mark.parametrize("path", EVERY_VIEW_OF_WHO)
def test_caches_are_told_that_an_answer_depends_on_the_cookie(browser: Client, path: str) -> None:
    assert browser.get(path).headers["Vary"] == "Cookie"


@pytest.mark.parametrize("path", EVERY_VIEW_OF_WHO)
def test_a_token_says_who_is_asking_whatever_the_cookie_says(
    browser: Client, bearer: dict[str, str], path: str
) -> None:
    assert browser.get(path, headers=bearer).json() == {"user": "bob"}


def test_a_token_says_who_is_asking_while_a_response_streams(
    browser: Client, bearer: dict[str, str]
) -> None:
    assert browser.get("/who-streamed/", headers=bearer).getvalue() == b"bob"


@pytest.mark.parametrize("path", EVERY_VIEW_OF_WHO)
@pytest.mark.parametrize("authorization", ["", "Bearer forged", "Basic ZXZlOmV2ZQ=="])
def test_an_invalid_authorization_is_nobody_whatever_the_cookie_says(
    browser: Client, authorization: str, path: str
) -> None:
    answer = browser.get(path, headers={"Authorization": authorization})

    assert answer.json() == {"user": ""}


def test_a_cookie_needs_a_csrf_token_and_a_bearer_does_not(
    browser: Client, bearer: dict[str, str]
) -> None:
    assert browser.post("/who/").status_code == 403
    assert browser.post("/who/", headers=bearer).json() == {"user": "bob"}


@pytest.mark.parametrize("path", ["/remember/", "/sign-out/", "/sign-in/?as=eve", "/who/"])
@pytest.mark.parametrize("valid", [True, False])
def test_no_session_cookie_is_set_or_deleted_for_a_request_with_authorization(
    browser: Client,
    bearer: dict[str, str],
    path: str,
    valid: bool,
    settings: Any,
) -> None:
    settings.SESSION_SAVE_EVERY_REQUEST = True

    answer = browser.get(path, headers=bearer if valid else {"Authorization": "Bearer forged"})

    assert answer.status_code == 200
    assert "sessionid" not in answer.cookies
    assert browser.get("/who/").json() == {"user": "eve"}


def test_a_request_with_a_token_can_keep_things_in_its_session(
    key: str, bearer: dict[str, str]
) -> None:
    Client().get("/remember/", headers=bearer)

    assert SessionStore(key)["colour"] == "green"


def test_a_request_that_fails_keeps_nothing(key: str, bearer: dict[str, str]) -> None:
    Client().get("/remember-and-fail/", headers=bearer)

    assert "colour" not in SessionStore(key)


def test_nothing_is_kept_for_a_token_that_has_signed_out(bearer: dict[str, str]) -> None:
    Client().get("/sign-out-and-remember/", headers=bearer)

    assert not Session.objects.exists()


def test_a_request_that_changes_nothing_in_its_session_writes_nothing(
    key: str, bearer: dict[str, str], django_assert_num_queries: Any
) -> None:
    sightings.note([key])

    with django_assert_num_queries(1):
        Client().get("/who-identified/", headers=bearer)


def test_a_session_with_a_cookie_is_saved_once(browser: Client) -> None:
    browser.get("/who/")

    with CaptureQueriesContext(connection) as queries:
        browser.get("/remember/")

    assert sum(query["sql"].startswith("UPDATE") for query in queries) == 1


def test_signing_out_with_a_token_ends_that_session(
    browser: Client, key: str, bearer: dict[str, str]
) -> None:
    browser.get("/sign-out/", headers=bearer)

    assert not SessionStore().exists(key)
    assert browser.get("/who/").json() == {"user": "eve"}


def test_signing_in_beside_an_invalid_token_gives_a_token_that_works(bob: User) -> None:
    forged = {"Authorization": "Bearer forged"}

    token = Client().get("/sign-in/?as=bob", headers=forged).json()["token"]

    answer = Client().get("/who/", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"user": "bob"}


def test_signing_in_sets_the_cookie_of_the_session_that_the_token_names(bob: User) -> None:
    client = Client()

    token = client.get("/sign-in/?as=bob").json()["token"]

    assert client.cookies["sessionid"].value == session_key_of(token)
    assert client.get("/who/").json() == {"user": "bob"}


def test_a_session_that_was_anonymous_begins_when_somebody_signs_in(bob: User) -> None:
    client = Client(headers={"User-Agent": "Firefox"})
    client.get("/remember/")
    long_ago = timezone.now() - timedelta(days=1)
    Session.objects.update(created_at=long_ago, last_seen_at=long_ago)

    client.get("/sign-in/?as=bob")

    session = Session.objects.get()
    assert min(session.created_at, session.last_seen_at) > long_ago
    assert (session.user, session.user_agent) == (bob, "Firefox")
    assert session.get_decoded()["colour"] == "green"


def test_signing_in_changes_the_key_of_an_anonymous_session(bob: User) -> None:
    client = Client()
    client.get("/remember/")
    planted = client.cookies["sessionid"].value

    client.get("/sign-in/?as=bob")

    assert client.cookies["sessionid"].value != planted
    assert not SessionStore().exists(planted)


def test_signing_in_renews_the_csrf_token(bob: User) -> None:
    client = Client()
    client.get("/admin/login/")
    before = client.cookies["csrftoken"].value

    client.get("/sign-in/?as=bob")

    assert client.cookies["csrftoken"].value != before


def test_a_token_survives_a_request_after_the_rotation_of_the_secret_key(
    bearer: dict[str, str], settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    for _ in range(2):
        assert Client().get("/who/", headers=bearer).json() == {"user": "bob"}

    settings.SECRET_KEY_FALLBACKS = []
    assert Session.objects.get().get_decoded()["_auth_user_id"]


def test_a_cookie_with_a_nul_is_nobody(db: None) -> None:
    client = Client(HTTP_COOKIE='sessionid="' + "\\000" * 32 + '"')

    assert client.get("/who/").json() == {"user": ""}


def test_a_session_revoked_during_a_request_spoils_no_answer_to_a_token(
    bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_item = SessionStore.__setitem__

    def set_and_revoke(store: SessionStore, name: str, value: object) -> None:
        set_item(store, name, value)
        Session.objects.all().delete()

    monkeypatch.setattr(SessionStore, "__setitem__", set_and_revoke)

    assert Client().get("/remember/", headers=bearer).status_code == 200
    assert not Session.objects.exists()


@pytest.mark.usefixtures("database_of_threads")
@pytest.mark.parametrize("path", EVERY_VIEW_OF_WHO)
async def test_all_of_it_holds_under_asgi(bearer: dict[str, str], path: str, eve: User) -> None:
    client = AsyncClient()
    await client.aforce_login(eve)

    with_token = await client.get(path, headers=bearer)
    forged = await client.get(path, headers={"Authorization": "Bearer forged"})
    with_cookie = await client.get(path)

    assert [each.json()["user"] for each in (with_token, forged, with_cookie)] == ["bob", "", "eve"]


@pytest.mark.usefixtures("database_of_threads")
async def test_under_asgi_too_a_token_keeps_things_in_its_session(
    key: str, bearer: dict[str, str]
) -> None:
    await AsyncClient().get("/remember/", headers=bearer)

    assert await SessionStore(key).aget("colour") == "green"


@pytest.mark.usefixtures("database_of_threads")
async def test_under_asgi_no_thread_is_entered_when_there_is_nothing_to_write(
    key: str, bearer: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync_to_async(sightings.note)([key])
    monkeypatch.setattr("accounts.middleware.sync_to_async", None)

    answer = await AsyncClient().get("/who-async/", headers=bearer)

    assert answer.json() == {"user": "bob"}
