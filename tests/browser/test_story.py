"""What two people do with the pages, from signing up to deleting the room."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Introduce
from tests.browser.home_page import asks_to_come_in, creates_a_room, looks_up
from tests.browser.people import Person, Room
from tests.browser.room_page import code_of, messages, reads, says, sees_that_it_is_connected
from tests.server import Server


@pytest.fixture(params=["server", "server_below_a_path"])
def base(request: pytest.FixtureRequest) -> tuple[Server, str]:
    server: Server = request.getfixturevalue(request.param)
    return server, server.http + server.environment.get("ROOT_PATH", "")


def _sign_in(person: Person) -> Page:
    page = person.window().new_page()
    page.goto(f"{person.base}/")
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    sees_that_it_is_connected(page)
    return page


def _confirm(page: Page, action: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_room_with_a_door_from_its_making_to_a_removal(
    base: tuple[Server, str], introduce: Introduce
) -> None:
    title = f"Tea {uuid4().hex[:8]}"
    alice, bob = (_sign_in(introduce(name, *base)) for name in ("alice", "bob"))

    creates_a_room(alice, title, "By request")
    asks_to_come_in(bob, code_of(alice).input_value())
    expect(alice.get_by_text("Bob is at the door.")).to_be_visible()
    alice.get_by_role("button", name="Deny Bob").click()
    expect(bob.get_by_text("Denied")).to_be_visible()
    # Bob may hear of it first: until she does, the buttons are still those of this request.
    expect(alice.get_by_role("button", name="Deny Bob")).to_have_count(0)

    asks_to_come_in(bob, code_of(alice).input_value())
    alice.get_by_role("button", name="Admit Bob").click()
    bob.get_by_role("listitem").get_by_role("link", name=f"Enter {title}").click()
    says(bob, "Hello Alice!")
    reads(alice, "Hello Alice!")
    says(alice, "Hello Bob!")
    for page in (alice, bob):
        reads(page, "Hello Alice!", "Hello Bob!")

    alice.get_by_label("Title").fill(f"{title} II")
    alice.get_by_role("button", name="Rename").click()
    expect(bob.get_by_role("heading", name=f"{title} II", level=1)).to_be_visible()

    alice.get_by_role("button", name="Remove Bob from the room").click()
    _confirm(alice, "Remove")
    expect(bob.get_by_text("The owner has removed you from this room.")).to_be_visible()
    expect(bob.get_by_role("heading", name="Your rooms")).to_be_visible()
    expect(bob.get_by_role("link", name=title)).to_have_count(0)
    expect(alice.get_by_role("button", name="Remove Bob from the room")).to_have_count(0)


def test_an_open_room_is_found_entered_left_and_deleted(alice: Person, bob: Person) -> None:
    title = f"Garden {uuid4().hex[:8]}"
    owner, guest = alice.open(), bob.open()
    creates_a_room(owner, title, "Open")

    guest.get_by_label("Search open rooms by title").fill(title)
    guest.get_by_role("button", name=f"Join {title}").click()
    says(guest, "What a lovely garden")
    reads(owner, "What a lovely garden")
    guest.get_by_role("button", name="Leave room").click()
    _confirm(guest, "Leave")
    expect(guest.get_by_text(f"“{title}”: You have left the room.")).to_be_visible()
    expect(owner.get_by_role("button", name="Remove Bob from the room")).to_have_count(0)

    guest.get_by_label("Search open rooms by title").fill(title)
    guest.get_by_role("button", name=f"Join {title}").click()
    expect(guest.get_by_role("heading", name=title, level=1)).to_be_visible()
    sees_that_it_is_connected(guest)
    owner.get_by_role("button", name="Delete room").click()
    _confirm(owner, "Delete room")
    for page in (owner, guest):
        expect(page.get_by_text(f"“{title}”: The room has been deleted.")).to_be_visible()
    for page in (owner, guest):
        expect(page.get_by_role("link", name=title)).to_have_count(0)


def test_a_renewed_code_opens_and_the_old_one_does_not(alice: Person, bob: Person) -> None:
    owner, guest = alice.open(), bob.open()
    creates_a_room(owner, f"Vault {uuid4().hex[:8]}", "By request")
    code = code_of(owner)
    old = code.input_value()

    owner.get_by_role("button", name="Renew").click()
    _confirm(owner, "Renew")
    expect(code).not_to_have_value(old)
    looks_up(guest, old)
    expect(guest.get_by_role("alert")).to_contain_text("No room has this code.")
    asks_to_come_in(guest, code.input_value())
    guest.get_by_role("button", name="Withdraw").click()

    expect(guest.get_by_text("Withdrawn")).to_be_visible()
    expect(owner.get_by_text("Nobody is waiting.")).to_be_visible()


def test_somebody_who_reads_further_up_stays_there_and_is_told(alice: Person, bob: Person) -> None:
    room = Room(alice, bob)
    for number in range(60):
        alice.say(room, f"message {number}")
    page = bob.open(room.path)
    sees_that_it_is_connected(page)
    expect(messages(page).last).to_be_in_viewport()

    page.get_by_role("log").hover()
    page.mouse.wheel(0, -1200)
    expect(messages(page).last).not_to_be_in_viewport()
    place = page.evaluate("document.querySelector('.log').scrollTop")
    alice.say(room, "one more")
    page.get_by_role("button", name="1 new message").wait_for()
    assert page.evaluate("document.querySelector('.log').scrollTop") == place
    page.get_by_role("button", name="1 new message").click()
    expect(messages(page).last).to_have_text("one more")
    expect(messages(page).last).to_be_in_viewport()

    page.mouse.wheel(0, -1200)
    expect(messages(page).last).not_to_be_in_viewport()
    says(page, "my own words")
    expect(messages(page).last).to_have_text("my own words")
    expect(messages(page).last).to_be_in_viewport()


@pytest.mark.parametrize("path", ["", "/plain"])
def test_what_is_said_while_one_reads_up_in_a_short_log_is_found_below(
    alice: Person, bob: Person, path: str
) -> None:
    room = Room(alice, bob)
    for number in range(14):  # few enough that all of the log is near its top
        alice.say(room, f"message {number}")
    page = bob.open(path + room.path)
    expect(messages(page).last).to_be_in_viewport()
    page.get_by_role("log").hover()
    page.mouse.wheel(0, -2000)
    expect(messages(page).first).to_be_in_viewport()
    alice.say(room, "one more")
    page.get_by_role("button", name="1 new message").wait_for()

    page.mouse.wheel(0, 2000)

    expect(messages(page).last).to_have_text("one more")


def test_a_newcomer_signs_up_out_and_in_again(alice: Person) -> None:
    page = alice.window().new_page()
    page.goto(alice.base)
    username, password = f"dora-{uuid4().hex[:8]}", uuid4().hex

    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("First name").fill("Dora")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Username").fill(username)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("heading", name="Welcome, Dora")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Welcome, Dora")).to_be_visible()
