from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts import sightings
from accounts.actions import open_session
from accounts.models import Session
from accounts.sessions import SessionStore
from accounts.tokens import token_for

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.accounts.urls")]

LONG_AGO = timezone.now() - timedelta(days=1)


@pytest.fixture
def key(bob: User) -> str:
    """A session that was last used long ago."""
    key = open_session(bob, "").session_key or ""
    Session.objects.update(last_seen_at=LONG_AGO)
    return key


def _last_seen() -> datetime:
    return Session.objects.get().last_seen_at


@pytest.mark.parametrize("path", ["/who/", "/who-async/", "/who-identified/"])
@pytest.mark.parametrize("by_token", [True, False])
def test_a_request_of_somebody_is_noted(key: str, path: str, by_token: bool) -> None:
    client = Client()
    if by_token:
        client.get(path, headers={"Authorization": f"Bearer {token_for(key)}"})
    else:
        client.cookies["sessionid"] = key
        client.get(path)

    assert timezone.now() - _last_seen() < timedelta(minutes=1)


def test_a_request_that_asks_nothing_of_the_session_costs_no_query(
    key: str, django_assert_num_queries: Any
) -> None:
    client = Client()
    client.cookies["sessionid"] = key

    with django_assert_num_queries(0):
        client.get("/nobody/")

    assert _last_seen() == LONG_AGO


def test_an_anonymous_session_is_not_noted() -> None:
    store = SessionStore()
    store["colour"] = "green"
    store.save()
    Session.objects.update(last_seen_at=LONG_AGO)
    client = Client()
    client.cookies["sessionid"] = store.session_key or ""

    client.get("/who/")

    assert _last_seen() == LONG_AGO


def test_a_session_is_noted_once_a_minute(
    key: str, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    clock = 1000.0
    monkeypatch.setattr(sightings, "monotonic", lambda: clock)
    sightings.note([key])

    clock += 59
    with django_assert_num_queries(0):
        sightings.note([key])
    clock += 1
    with django_assert_num_queries(1):
        sightings.note([key])


def test_what_another_process_noted_this_minute_stays(key: str) -> None:
    noted = timezone.now() - timedelta(seconds=30)
    Session.objects.update(last_seen_at=noted)

    sightings.note([key])

    assert _last_seen() == noted


def test_many_are_noted_by_one_statement(key: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        sightings.note([key, *(f"{n:032}" for n in range(5_000))])

    assert _last_seen() > LONG_AGO


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(sightings, "REMEMBERED", 10)

    for number in range(100):
        sightings.note([f"{number:032}"])

    assert len(sightings._noted) <= 10


def test_a_failing_database_is_logged_and_tried_again(
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sightings, "_write", _failing)
        sightings.note([key])
    sightings.note([key])

    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert _last_seen() > LONG_AGO


def _failing(session_keys: object) -> None:
    raise DatabaseError
