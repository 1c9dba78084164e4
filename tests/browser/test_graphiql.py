"""The page at /graphql, with the tabs that play the story."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Person, Room

pytestmark = pytest.mark.only_on("sqlite")


def _runs(page: Page, tab: str, **variables: str) -> None:
    page.get_by_role("tab", name=tab).click()
    # GraphiQL runs the operation that it last found in the text, and looks 100 ms after a change.
    while page.evaluate("localStorage.getItem('graphiql:operationName')") != tab:
        page.wait_for_timeout(20)  # between two questions
    if variables:
        page.get_by_label("Variables").locator(".CodeMirror-lines").first.click()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(json.dumps(variables))
    page.get_by_role("button", name="Execute query").click()


def _shows(page: Page, text: str) -> None:
    expect(page.get_by_label("Result Window")).to_contain_text(text)


def test_it_queries_and_follows_a_room(alice: Person, bob: Person) -> None:
    room = Room(alice, bob)
    page = alice.open("/graphql")

    _runs(page, "WhoAmI")
    _shows(page, room.title)
    _runs(page, "RoomEvents", roomId=room.id)
    _shows(page, "CaughtUp")
    bob.say(room, "Here I am.")

    _shows(page, "Here I am.")
