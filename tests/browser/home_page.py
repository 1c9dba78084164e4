"""What people do on the web client's home page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.room_page import sees_that_it_is_connected


def creates_a_room(page: Page, title: str, door: str) -> None:
    page.get_by_role("button", name="Create a room").click()
    dialog = page.get_by_role("dialog", name="Create a room")
    dialog.get_by_label("Title").fill(title)
    dialog.get_by_role("radio", name=door).check()
    dialog.get_by_role("button", name="Create room").click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    sees_that_it_is_connected(page)


def looks_up(page: Page, code: str) -> None:
    page.get_by_label("The code that the owner gave you").fill(code)
    page.get_by_role("button", name="Look").click()


def asks_to_come_in(page: Page, code: str, owner: str = "Alice") -> None:
    looks_up(page, code)
    page.get_by_role("button", name=f"Ask {owner} to let you in").click()
    expect(page.get_by_text("Pending")).to_be_visible()
