from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.utils import timezone

from accounts.actions import open_session
from accounts.models import Session
from accounts.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_a_session_knows_its_user(bob: User) -> None:
    store = open_session(bob, "Firefox")

    assert Session.objects.get(session_key=store.session_key).user == bob


def test_an_anonymous_session_has_no_user() -> None:
    store = SessionStore()
    store["colour"] = "green"
    store.save()

    assert Session.objects.get().user is None


def test_later_saves_leave_alone_when_and_where_the_session_began(bob: User) -> None:
    store = open_session(bob, "Firefox")
    earlier = timezone.now() - timedelta(days=3)
    Session.objects.update(created_at=earlier, last_seen_at=earlier)
    before = Session.objects.get()

    again = SessionStore(store.session_key)
    again["colour"] = "green"
    again.save()

    after = Session.objects.get()
    assert after.get_decoded()["colour"] == "green"
    assert (after.public_id, after.created_at, after.last_seen_at, after.user_agent) == (
        before.public_id,
        earlier,
        earlier,
        "Firefox",
    )


@pytest.mark.usefixtures("database_of_threads")
async def test_saving_asynchronously_is_the_same_saving() -> None:
    store = SessionStore()
    await store.aset("colour", "green")
    await store.asave()
    await Session.objects.aupdate(user_agent="Firefox")

    again = SessionStore(store.session_key)
    await again.aset("shape", "round")
    await again.asave()

    session = await Session.objects.aget()
    assert session.get_decoded() == {"colour": "green", "shape": "round"}
    assert session.user_agent == "Firefox"


def test_a_changed_key_opens_the_same_session_and_the_old_one_nothing(bob: User) -> None:
    store = open_session(bob, "Firefox")
    old_key, before = store.session_key, Session.objects.get()

    store.cycle_key()
    store.save()

    after = Session.objects.get()
    assert after.session_key == store.session_key != old_key
    assert (after.public_id, after.created_at) == (before.public_id, before.created_at)
    assert SessionStore(store.session_key)[SESSION_KEY] == str(bob.pk)
    assert not SessionStore(old_key).exists(old_key or "")


def test_a_session_without_a_key_is_created_by_changing_it() -> None:
    store = SessionStore()
    store["colour"] = "green"

    store.cycle_key()

    assert SessionStore(store.session_key)["colour"] == "green"


def test_a_revoked_session_does_not_live_on_under_another_key(bob: User) -> None:
    store = SessionStore(open_session(bob, "").session_key)
    assert store[SESSION_KEY]
    Session.objects.all().delete()

    store.cycle_key()
    store[HASH_SESSION_KEY] = bob.get_session_auth_hash()
    store.save()

    assert SESSION_KEY not in SessionStore(store.session_key)


def test_a_revoked_session_is_not_brought_back_by_saving(bob: User) -> None:
    store = SessionStore(open_session(bob, "").session_key)
    store["colour"] = "green"
    Session.objects.all().delete()

    with pytest.raises(UpdateError):
        store.save()

    assert not Session.objects.exists()


def test_a_flushed_session_is_gone_and_the_store_empty(bob: User) -> None:
    store = open_session(bob, "")

    store.flush()

    assert not Session.objects.exists()
    assert store.session_key is None
    assert not list(store.keys())


def test_the_key_of_a_token_does_not_change(bob: User) -> None:
    key = open_session(bob, "").session_key
    store = SessionStore(key, keeps_key=True)

    store.cycle_key()
    store.save()

    assert store.session_key == key
    assert SessionStore(key)[SESSION_KEY] == str(bob.pk)


@pytest.mark.parametrize("key", ["short", "with\x00nul0", "UPPERCASE", "a" * 41, "ünïcödé-k", ""])
def test_what_cannot_be_a_key_never_reaches_the_database(key: str) -> None:
    assert SessionStore(key).session_key is None


def test_a_user_agent_is_kept_short_and_without_control_characters(bob: User) -> None:
    open_session(bob, "Fire\x00fox\r\n\x1b[31m" + "x" * 500)

    kept = Session.objects.get().user_agent
    assert kept.startswith("Firefox[31mxxx")
    assert len(kept) == 200


def test_the_public_id_is_random_and_says_nothing_of_the_key(bob: User) -> None:
    store = open_session(bob, "")

    session = Session.objects.get()
    assert isinstance(session.public_id, UUID)
    assert session.public_id.version == 4
    assert store.session_key not in (str(session), repr(session))
