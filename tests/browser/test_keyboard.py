"""The story without a mouse: wherever something goes away, the focus stays near where it was."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.home_page import asks_to_come_in
from tests.browser.people import Person, Room
from tests.browser.room_page import code_of, messages, says

pytestmark = pytest.mark.only_on("sqlite")


def _presses(button: Locator) -> None:
    """With the keyboard alone."""
    button.focus()
    button.press("Enter")


def _heading(page: Page, words: str) -> Locator:
    return page.get_by_role("heading", name=words, level=2)


def test_a_dialog_takes_the_focus_and_gives_it_back(alice: Person) -> None:
    page = alice.open()
    create = page.get_by_role("button", name="Create a room")
    _presses(create)
    expect(page.get_by_role("dialog").get_by_label("Title")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(create).to_be_focused()


@pytest.mark.parametrize("path", ["", "/plain"])
def test_at_a_door_the_focus_stays_with_the_knock_and_with_those_who_wait(
    alice: Person, bob: Person, path: str
) -> None:
    room = Room(alice, access="BY_REQUEST")
    owner, guest = alice.open(path + room.path), bob.open(f"{path}/")
    admit = owner.get_by_role("button", name="Admit Bob")
    asks_to_come_in(guest, code_of(owner).input_value())
    expect(admit).to_be_visible()
    _presses(guest.get_by_role("button", name="Withdraw"))
    expect(_heading(guest, "Your requests")).to_be_focused()
    # The owner hears of it later: until then the button is still that of the first request.
    expect(admit).to_have_count(0)

    _presses(guest.get_by_role("button", name="Ask Alice to let you in"))
    expect(_heading(guest, "Join with a code")).to_be_focused()
    _presses(admit)
    expect(_heading(owner, "At the door")).to_be_focused()
    _presses(owner.get_by_role("button", name="Remove Bob from the room"))
    _presses(owner.get_by_role("dialog").get_by_role("button", name="Remove"))

    expect(_heading(owner, "Members")).to_be_focused()


def test_a_title_is_written_where_it_was_written_before(alice: Person) -> None:
    page = alice.open(Room(alice).path)
    title, field = f"Tea {uuid4().hex[:8]}", page.get_by_label("Title")
    rename = page.get_by_role("button", name="Rename")
    for words in (title, f"{title} II"):
        # Its event may be here before its answer, and a form that waits for one takes no Enter.
        expect(rename).to_be_enabled()
        field.fill(words)
        field.press("Enter")
        expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()

        expect(field).to_be_focused()
        expect(field).to_have_value(words)


def test_what_is_being_typed_stays_when_the_room_is_renamed_elsewhere(alice: Person) -> None:
    path = Room(alice).path
    here, there = alice.open(path), alice.open(path)
    here.get_by_label("Title").fill("Half a tit")

    there.get_by_label("Title").fill("Tea at four")
    there.get_by_role("button", name="Rename").click()
    expect(here.get_by_role("heading", name="Tea at four", level=1)).to_be_visible()
    expect(here.get_by_label("Title")).to_have_value("Half a tit")

    here.get_by_label("Title").fill("Tea at five")
    here.get_by_role("button", name="Rename").click()
    expect(there.get_by_role("heading", name="Tea at five", level=1)).to_be_visible()
    expect(there.get_by_label("Title")).to_have_value("Tea at five")


def test_on_a_narrow_screen_the_panel_is_entered_and_left(alice: Person, bob: Person) -> None:
    page = bob.open(Room(alice, bob).path, viewport={"width": 360, "height": 720})
    toggle = page.get_by_role("button", name="People")
    leave = page.get_by_role("button", name="Leave room")
    _presses(toggle)
    page.keyboard.press("Tab")
    expect(leave).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(leave).to_be_focused()
    page.keyboard.press("Escape")

    expect(leave).to_be_hidden()
    expect(toggle).to_be_focused()


@pytest.mark.parametrize("path", ["", "/plain"])
def test_the_way_to_what_is_new_ends_in_the_log(alice: Person, bob: Person, path: str) -> None:
    room = Room(alice, bob)
    for number in range(30):
        alice.say(room, f"message {number}")
    page = bob.open(path + room.path)
    expect(messages(page).last).to_be_in_viewport()
    log = page.get_by_role("log")
    log.press("Home")
    expect(messages(page).first).to_be_in_viewport()
    alice.say(room, "one more")

    _presses(page.get_by_role("button", name="1 new message"))

    expect(log).to_be_focused()
    says(page, "and another")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
