"""What people do on the web client's room page, and what they see there."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

PATIENCE = 20_000
"""Milliseconds that a step may take."""


def sees_that_it_is_connected(page: Page) -> None:
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()


def says(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def messages(page: Page) -> Locator:
    """What was said in the room, without names and times."""
    return page.get_by_role("log", name="Messages").locator(".bubble")


def reads(page: Page, *texts: str, within: int = PATIENCE) -> None:
    """Wait until exactly these messages are there, once and in this order, and all are sent."""
    expect(messages(page)).to_have_text(texts, timeout=within)
    expect(page.locator(".message[data-state]")).to_have_count(0)


def code_of(page: Page) -> Locator:
    """For the owner: the field with the code that others ask with."""
    return page.get_by_role("textbox", name="The code to ask with")
