"""The admin site's pages as a browser asks for them: what is done there is seen live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from chat import changes, topics
from chat.models import JoinRequest, Membership, Message, Room
from tests.chat.conftest import World, events_of, everything

NAMES = ("room", "membership", "message", "joinrequest")


@pytest.fixture
def boss(world: World) -> User:
    return User.objects.create(username="boss", is_staff=True, is_superuser=True)


@pytest.fixture
def browser(boss: User) -> Client:
    return _signed_in(boss)


def _signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def _list(name: str) -> str:
    return reverse(f"admin:chat_{name}_changelist")


def _add(name: str) -> str:
    return reverse(f"admin:chat_{name}_add")


def _page(row: Any, what: str = "change") -> str:
    return reverse(f"admin:chat_{row._meta.model_name}_{what}", args=[row.pk])


def _get(browser: Client, url: str, **query: str) -> str:
    response = browser.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def _post(browser: Client, url: str, **values: Any) -> str:
    """Post a form; returns the page it leads to, after redirections."""
    response = browser.post(url, values, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def _run(browser: Client, action: str, *rows: Any, **values: str) -> str:
    chosen = [str(row.pk) for row in rows]
    url = _list(rows[0]._meta.model_name)
    return _post(browser, url, action=action, _selected_action=chosen, **values)


def _decision_events(world: World, kind: str, user: User) -> list[tuple[str, str]]:
    return [(topics.owner(world.room.pk), kind), (topics.user(user.pk), kind)]


def _admission_events(world: World, user: User) -> list[tuple[str, str]]:
    return [
        (topics.room(world.room.pk), "member_joined"),
        *_decision_events(world, "join_request_admitted", user),
        (topics.user(user.pk), "room_joined"),
    ]


def _fill(world: World) -> None:
    changes.deny(world.asked_by(world.dave), by=world.alice)
    world.with_member(world.bob)
    world.said("Xylophone")
    world.asked_by(world.carol)


@pytest.mark.parametrize(
    ("name", "word", "found", "hidden"),
    [
        ("room", "Lobb", ">Lobby<", ">Room<"),
        ("room", "alice", ">Room<", "0 rooms"),
        ("membership", "bob", ">bob<", ">alice<"),
        ("message", "Xylo", "alice: Xylophone", "0 messages"),
        ("joinrequest", "dave", ">dave<", ">carol<"),
    ],
)
def test_each_list_can_be_searched(
    world: World, browser: Client, name: str, word: str, found: str, hidden: str
) -> None:
    _fill(world)

    page = _get(browser, _list(name), q=word)

    assert found in page
    assert hidden not in page


@pytest.mark.parametrize(
    ("name", "query", "found", "hidden"),
    [
        ("room", {"access__exact": "OPEN"}, ">Lobby<", ">Room<"),
        ("joinrequest", {"status__exact": "PENDING"}, ">carol<", ">dave<"),
    ],
)
def test_lists_can_be_filtered(
    world: World, browser: Client, name: str, query: dict[str, str], found: str, hidden: str
) -> None:
    _fill(world)

    page = _get(browser, _list(name), **query)

    assert found in page
    assert hidden not in page


def test_requests_show_their_status_at_a_glance(world: World, browser: Client) -> None:
    _fill(world)
    changes.withdraw(world.asked_by(world.dave))

    page = _get(browser, _list("joinrequest"))

    for status in ("⏳ Pending", "✅ Admitted", "✖️ Denied", "↩️ Withdrawn"):
        assert f'<td class="field-status">{status}</td>' in page


@pytest.mark.parametrize("name", NAMES)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    world: World,
    browser: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    name: str,
) -> None:
    _fill(world)
    _get(browser, _list(name))
    with CaptureQueriesContext(connection) as few:
        _get(browser, _list(name))
    for number in range(5):
        person = User.objects.create(username=f"guest{number}")
        changes.create_room(owner=person, title=f"Room {number}", access=Room.Access.OPEN)
        changes.deny(world.asked_by(person), by=world.alice)
        world.said(f"{number}")

    with django_assert_num_queries(len(few)):
        _get(browser, _list(name))


def test_a_room_is_created_for_its_owner(world: World, browser: Client) -> None:
    def create() -> None:
        _post(browser, _add("room"), title=" New ", access="BY_REQUEST", owner=world.bob.pk)

    assert events_of(create) == [(topics.user(world.bob.pk), "room_joined")]
    room = Room.objects.get(title="New")
    assert room.owner == world.bob
    assert room.memberships.get().user == world.bob
    assert LogEntry.objects.get().object_id == str(room.pk)


def test_a_room_is_renamed(world: World, browser: Client) -> None:
    appended = events_of(lambda: _post(browser, _page(world.room), title="New"))

    assert appended == [(topics.room(world.room.pk), "room_renamed")]
    assert Room.objects.get(pk=world.room.pk).title == "New"


def test_a_room_saved_as_it_was_is_no_change(world: World, browser: Client) -> None:
    assert events_of(lambda: _post(browser, _page(world.room), title="Room")) == []


@pytest.mark.parametrize("title", ["   ", "a" * 51, "a\u2028b", "\u200b"])
def test_a_title_that_cannot_be_used_is_told_in_the_form(
    world: World, browser: Client, title: str
) -> None:
    before = everything()

    page = _post(browser, _page(world.room), title=title)

    assert "errorlist" in page
    assert everything() == before


def test_owner_and_access_of_a_room_are_read_only(world: World, browser: Client) -> None:
    _post(browser, _page(world.room), title="New", access="OPEN", owner=world.bob.pk)

    room = Room.objects.get(pk=world.room.pk)
    assert (room.title, room.access, room.owner) == ("New", "BY_REQUEST", world.alice)


def test_texts_of_messages_are_read_only_and_are_not_deleted_singly(
    world: World, browser: Client
) -> None:
    message = world.said("Hello")

    assert "Hello" in _get(browser, _page(message))
    assert browser.post(_page(message), {"text": "Changed"}).status_code == 403
    assert browser.post(_page(message, "delete"), {"post": "yes"}).status_code == 403
    assert browser.get(_add("message")).status_code == 403
    assert "delete_selected" not in _get(browser, _list("message"))
    assert Message.objects.get().text == "Hello"


def test_nobody_is_made_a_member_by_hand(world: World, browser: Client) -> None:
    assert browser.get(_add("membership")).status_code == 403


def test_a_request_created_here_is_seen_live(world: World, browser: Client) -> None:
    appended = events_of(
        lambda: _post(browser, _add("joinrequest"), room=world.room.pk, user=world.bob.pk)
    )

    assert appended == _decision_events(world, "join_request_created", world.bob)
    assert JoinRequest.objects.pending().get().user == world.bob


def test_a_request_that_cannot_be_is_told_and_not_made(world: World, browser: Client) -> None:
    before = everything()

    page = _post(browser, _add("joinrequest"), room=world.lobby.pk, user=world.bob.pk)

    assert "Lobby is open: join it" in page
    assert everything() == before
    assert not LogEntry.objects.exists()


def test_a_second_pending_request_is_told_and_not_made(world: World, browser: Client) -> None:
    world.asked_by(world.bob)

    page = _post(browser, _add("joinrequest"), room=world.room.pk, user=world.bob.pk)

    assert "already has a pending request to join this room." in page
    assert JoinRequest.objects.count() == 1


def test_admitting_in_the_form_is_seen_live(world: World, browser: Client, boss: User) -> None:
    asked = world.asked_by(world.bob)
    assert "⏳ Pending" in _get(browser, _page(asked))
    assert "Withdrawn" not in _get(browser, _page(asked))

    appended = events_of(lambda: _post(browser, _page(asked), status="ADMITTED"))

    assert appended == _admission_events(world, world.bob)
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == ("ADMITTED", boss)
    assert world.room.memberships.of(world.bob).exists()


def test_denying_in_the_form_is_seen_live(world: World, browser: Client) -> None:
    asked = world.asked_by(world.bob)

    appended = events_of(lambda: _post(browser, _page(asked), status="DENIED"))

    assert appended == _decision_events(world, "join_request_denied", world.bob)


def test_a_pending_request_saved_as_it_was_is_no_change(world: World, browser: Client) -> None:
    asked = world.asked_by(world.bob)

    assert events_of(lambda: _post(browser, _page(asked), status="PENDING")) == []


@pytest.mark.parametrize("status", ["PENDING", "ADMITTED"])
def test_a_decision_that_comes_too_late_is_told(world: World, browser: Client, status: str) -> None:
    asked = changes.deny(world.asked_by(world.bob), by=world.alice)
    before = everything()

    page = _post(browser, _page(asked), status=status)

    assert "no longer pending: it is denied" in page
    assert everything() == before


def test_a_decided_request_is_read_only(world: World, browser: Client) -> None:
    asked = changes.deny(world.asked_by(world.bob), by=world.alice)

    page = _get(browser, _page(asked))

    assert "✖️ Denied" in page
    assert 'name="status"' not in page


@pytest.mark.parametrize("status", ["WITHDRAWN", "LOST"])
def test_only_admitting_and_denying_are_offered(world: World, browser: Client, status: str) -> None:
    asked = world.asked_by(world.bob)

    assert "errorlist" in _post(browser, _page(asked), status=status)
    assert JoinRequest.objects.pending().exists()


def test_many_are_admitted_at_once_and_conflicts_are_named(world: World, browser: Client) -> None:
    pending = [world.asked_by(world.bob), world.asked_by(world.carol)]
    denied = changes.deny(world.asked_by(world.dave), by=world.alice)
    pages: list[str] = []

    appended = events_of(lambda: pages.append(_run(browser, "admit_selected", *pending, denied)))

    expected = _admission_events(world, world.bob) + _admission_events(world, world.carol)
    assert appended == sorted(expected, key=lambda told: told[0])
    assert "✅ Admitted: 2." in pages[0]
    assert "ave → Room: This request is no longer pending: it is denied." in pages[0]
    assert LogEntry.objects.count() == 2


def test_many_are_denied_at_once(world: World, browser: Client) -> None:
    pending = [world.asked_by(world.bob), world.asked_by(world.carol)]

    page = _run(browser, "deny_selected", *pending)

    assert "✖️ Denied: 2." in page
    assert not JoinRequest.objects.pending().exists()


DELETIONS: dict[str, tuple[Callable[[World], Any], Callable[[World], list[tuple[str, str]]]]] = {
    "a room": (
        lambda world: [world.with_member(world.bob), world.asked_by(world.carol), world.room][-1],
        lambda world: [
            (topics.room(world.room.pk), "room_deleted"),
            (topics.user(world.alice.pk), "room_left"),
            (topics.user(world.bob.pk), "room_left"),
            (topics.user(world.carol.pk), "join_request_denied"),
        ],
    ),
    "a membership": (
        lambda world: world.with_member(world.bob),
        lambda world: [
            (topics.room(world.room.pk), "member_left"),
            (topics.user(world.bob.pk), "room_left"),
        ],
    ),
    "a pending request": (
        lambda world: world.asked_by(world.bob),
        lambda world: _decision_events(world, "join_request_denied", world.bob),
    ),
    "a decided request": (
        lambda world: changes.deny(world.asked_by(world.bob), by=world.alice),
        lambda world: [],
    ),
}


@pytest.mark.parametrize("together", [False, True], ids=["alone", "in a selection"])
@pytest.mark.parametrize(("prepare", "told"), DELETIONS.values(), ids=DELETIONS)
def test_a_deletion_is_confirmed_and_then_told(
    world: World,
    browser: Client,
    prepare: Callable[[World], Any],
    told: Callable[[World], list[tuple[str, str]]],
    together: bool,
) -> None:
    row = prepare(world)
    before = everything()

    def ask(**values: str) -> str:
        if together:
            return _run(browser, "delete_selected", row, **values)
        url = _page(row, "delete")
        return _post(browser, url, **values) if values else _get(browser, url)

    assert "Are you sure" in ask()
    assert everything() == before
    assert events_of(lambda: ask(post="yes")) == told(world)
    assert not type(row).objects.filter(pk=row.pk).exists()


def test_several_rooms_are_deleted_together(world: World, browser: Client) -> None:
    world.said("Hello")

    page = _run(browser, "delete_selected", world.room, world.lobby)
    assert "Messages: 1" in page
    _run(browser, "delete_selected", world.room, world.lobby, post="yes")

    assert not Room.objects.exists()
    assert not Membership.objects.exists()


@pytest.mark.parametrize("together", [False, True], ids=["alone", "in a selection"])
def test_the_owner_of_a_room_is_not_removed(world: World, browser: Client, together: bool) -> None:
    owners, bobs = world.room.memberships.get(), world.with_member(world.bob)
    before = everything()

    if together:
        page = _run(browser, "delete_selected", owners, bobs, post="yes")
    else:
        page = _post(browser, _page(owners, "delete"), post="yes")

    assert "alice owns Room" in page
    assert everything() == before


def test_what_was_deleted_by_someone_else_meanwhile_is_told(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = world.asked_by(world.bob)
    real = changes.delete_join_request
    monkeypatch.setattr(changes, "delete_join_request", lambda row: [real(row), real(row)])

    page = _post(browser, _page(asked, "delete"), post="yes")

    assert "There is no such join request." in page
    assert not LogEntry.objects.exists()


def test_in_a_selection_what_is_gone_already_counts_as_deleted(
    world: World, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [world.asked_by(world.bob), world.asked_by(world.carol)]
    real = changes.delete_join_request

    def slow(row: JoinRequest) -> None:
        for each in JoinRequest.objects.filter(pk=row.pk):
            real(each)
        real(row)

    monkeypatch.setattr(changes, "delete_join_request", slow)
    _run(browser, "delete_selected", *rows, post="yes")

    assert not JoinRequest.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_staff_without_permissions_sees_nothing(world: World, name: str) -> None:
    clerk = User.objects.create(username="clerk", is_staff=True)

    assert _signed_in(clerk).get(_list(name)).status_code == 403


def test_staff_that_may_only_look_decides_nothing(world: World) -> None:
    asked = world.asked_by(world.bob)
    clerk = User.objects.create(username="clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_joinrequest"))
    browser = _signed_in(clerk)

    page = _get(browser, _list("joinrequest"))
    _run(browser, "admit_selected", asked)

    assert "admit_selected" not in page
    assert browser.post(_page(asked), {"status": "ADMITTED"}).status_code == 403
    assert JoinRequest.objects.pending().get() == asked


def test_who_may_delete_a_room_may_delete_what_is_in_it(world: World) -> None:
    world.said("Hello")
    clerk = User.objects.create(username="clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["view_room", "delete_room"]))

    _post(_signed_in(clerk), _page(world.room, "delete"), post="yes")

    assert not Room.objects.filter(pk=world.room.pk).exists()


@pytest.mark.parametrize("garbage", ["abc", "-1", "9" * 20, "1.5"])
def test_what_is_no_id_is_told_and_nothing_is_made(
    world: World, browser: Client, garbage: str
) -> None:
    before = everything()

    page = _post(browser, _add("joinrequest"), room=garbage, user=garbage)

    assert "not one of the available choices" in page
    assert everything() == before
