"""The page at /graphql, with the tabs that play the story."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person, Room

pytestmark = pytest.mark.only_on("sqlite")


def _runs(page: Page, tab: str, until: str, **variables: str) -> None:
    """Run a tab, and again if that came too early, until the answer shows this."""
    page.get_by_role("tab", name=tab).click()
    if variables:
        page.get_by_label("Variables").locator(".CodeMirror-lines").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(json.dumps(variables))
    # GraphiQL runs the operation that it last found in the text, and looks 100 ms after a change.
    for _ in range(4):
        page.get_by_role("button", name="Execute query").click()
        with suppress(AssertionError):
            return expect(_answer(page)).to_contain_text(until, timeout=5_000)
    raise AssertionError(f"{tab} answers: {_answer(page).inner_text()}")


def _answer(page: Page) -> Locator:
    return page.get_by_label("Result Window")


def test_it_queries_and_follows_a_room(alice: Person, bob: Person) -> None:
    room = Room(alice, bob)
    page = alice.open("/graphql")

    expect(page.get_by_label("Query Editor")).to_contain_text("mutation SignIn")
    _runs(page, "WhoAmI", until=f'"{alice.username}"')
    _runs(page, "RoomEvents", until="CaughtUp", roomId=room.id)
    bob.say(room, "Here I am.")

    expect(_answer(page)).to_contain_text("Here I am.")
