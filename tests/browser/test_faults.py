"""A message is read once and in its place, whatever happens between two people."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Introduce
from tests.browser.line import Line
from tests.browser.people import Person, Room
from tests.browser.room_page import PATIENCE, messages, reads, says, sees_that_it_is_connected
from tests.server import Server

pytestmark = pytest.mark.only_on("sqlite")

AFTER_AN_OUTAGE = 30_000 + PATIENCE
"""Milliseconds: the longest pause that a page makes before it tries again, and then a step."""


def _is_cut_off(page: Page) -> None:
    expect(page.locator(".status[data-state=waiting]")).to_be_visible()


def test_the_network_is_cut_and_restored(
    alice: Person, introduce: Introduce, server: Server, line: Line
) -> None:
    bob = introduce("bob", server, line.http)
    room = Room(alice, bob)
    bob.expects_outages = True
    near, far = alice.open(room.path), bob.open(room.path)
    sees_that_it_is_connected(far)
    says(near, "before")
    reads(far, "before")

    line.cut()
    _is_cut_off(far)
    says(far, "from the dark")
    expect(far.get_by_text("Not sent yet.")).to_be_visible()
    says(near, "one")
    says(near, "two")
    reads(near, "before", "one", "two")
    line.mend()

    for page in (near, far):
        reads(page, "before", "one", "two", "from the dark", within=AFTER_AN_OUTAGE)
        sees_that_it_is_connected(page)


def test_the_server_is_killed_and_started_again(introduce: Introduce, frail_server: Server) -> None:
    alice, bob = (introduce(name, frail_server) for name in ("alice", "bob"))
    room = Room(alice, bob)
    alice.expects_outages = bob.expects_outages = True
    pages = [person.open(room.path) for person in (alice, bob)]
    says(pages[0], "before")
    for page in pages:
        reads(page, "before")
        sees_that_it_is_connected(page)
    asked = [_operations(page) for page in pages]

    frail_server.kill()
    for page in pages:
        _is_cut_off(page)
    _write_beside(frail_server, alice, room, "one", "two")
    says(pages[1], "while it was away")
    frail_server.start()

    for page in pages:
        reads(page, "before", "one", "two", "while it was away", within=AFTER_AN_OUTAGE)
        sees_that_it_is_connected(page)
    assert {name for names in asked for name in names} == {"SendMessage"}


def _operations(page: Page) -> list[str]:
    """The names of what the page asks for over HTTP from now on."""
    names: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/graphql") and request.method == "POST":
            names.append(json.loads(request.post_data or "")["operationName"])

    page.on("request", note)
    return names


def _write_beside(server: Server, person: Person, room: Room, *texts: str) -> None:
    """Send messages by a process that has nothing of the server's but its data."""
    lines = [
        "from django.contrib.auth.models import User",
        "from chat.actions import send_message",
        f"actor = User.objects.get(username={person.username!r})",
        *(f"send_message(actor=actor, room_id={room.number}, text={text!r})" for text in texts),
    ]
    server.manage("shell", text="\n".join(lines))


@pytest.mark.parametrize("path", ["", "/plain"])
def test_what_is_said_before_the_script_has_come_is_read_once(
    alice: Person, bob: Person, path: str
) -> None:
    room = Room(alice, bob)
    alice.say(room, "before")
    page = bob.signed_in().new_page()

    def hold(route: Route) -> None:
        alice.say(room, "meanwhile")
        route.continue_()

    page.route("**/*.js", hold, times=1)
    page.goto(bob.base + path + room.path)

    expect(messages(page)).to_have_text(["before", "meanwhile"])
    alice.say(room, "live")
    expect(messages(page)).to_have_text(["before", "meanwhile", "live"])


@pytest.mark.parametrize("path", ["", "/plain"])
def test_what_is_said_between_the_query_and_the_subscription_is_read_once(
    alice: Person, bob: Person, path: str
) -> None:
    room = Room(alice, bob)
    alice.say(room, "before")
    page = bob.signed_in().new_page()

    def hold(route: Route) -> None:
        answer = route.fetch()
        if "before" in answer.text():
            alice.say(room, "in between")
        route.fulfill(response=answer)

    page.route("**/graphql", hold)
    page.goto(bob.base + path + room.path)

    expect(messages(page)).to_have_text(["before", "in between"])
    alice.say(room, "live")
    expect(messages(page)).to_have_text(["before", "in between", "live"])


def test_two_tabs_of_one_person_show_the_same(alice: Person, bob: Person) -> None:
    room = Room(alice, bob)
    browser = bob.signed_in()
    tabs = [browser.new_page(), browser.new_page()]
    for tab in tabs:
        tab.goto(bob.base + room.path)
        sees_that_it_is_connected(tab)

    says(tabs[0], "from the first")
    reads(tabs[1], "from the first")
    says(tabs[1], "from the second")
    for tab in tabs:
        reads(tab, "from the first", "from the second")
    tabs[0].get_by_role("link", name="Back to your rooms").click()
    tabs[0].get_by_role("button", name="Sign out").click()

    expect(tabs[1].get_by_text("You have been signed out.")).to_be_visible()
    expect(messages(tabs[1])).to_have_count(0)


def test_somebody_who_is_removed_while_they_read_sees_nothing_more(
    alice: Person, bob: Person
) -> None:
    room = Room(alice, bob)
    for number in range(60):
        alice.say(room, f"message {number}")
    owner, reader = alice.open(room.path), bob.open(room.path)
    expect(messages(reader).last).to_have_text("message 59")
    messages(reader).nth(20).scroll_into_view_if_needed()

    owner.get_by_role("button", name="Remove Bob from the room").click()
    owner.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(reader.get_by_text("The owner has removed you")).to_be_visible()
    alice.say(room, "among ourselves")
    expect(messages(owner).last).to_have_text("among ourselves")
    reader.go_back()

    expect(reader.get_by_text("There is no such room, or you are not in it.")).to_be_visible()
    expect(reader.get_by_text("among ourselves")).to_have_count(0)
    expect(messages(reader)).to_have_count(0)
