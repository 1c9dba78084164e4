"""The page at /graphql, with the tabs that play the story."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import Person, Room

pytestmark = pytest.mark.only_on("sqlite")


def _runs(page: Page, tab: str, until: str, **variables: object) -> None:
    """
    Run a tab, and again if that came too early, until the answer shows this.

    It stands near the answer's beginning: an editor draws only what is seen.
    """
    _opens(page, tab)
    if variables:
        _writes(page, "Variables", json.dumps(variables))
    # GraphiQL runs the operation that it last found in the text, and looks 100 ms after a change.
    for _ in range(4):
        page.get_by_role("button", name="Execute query").click()
        with suppress(AssertionError):
            return expect(_answer(page)).to_contain_text(until, timeout=5_000)
    raise AssertionError(f"{tab} answers: {_answer(page).inner_text()}")


def _opens(page: Page, tab: str) -> None:
    """Once: GraphiQL would put back what a tab held before the last change of it."""
    button = page.get_by_role("tab", name=tab)
    if button.get_attribute("aria-selected") != "true":
        button.click()


def _writes(page: Page, editor: str, text: str) -> None:
    """Replace all that an editor holds; the variables and the headers share a place."""
    if editor != "Query Editor":
        page.get_by_role("button", name=editor, exact=True).click()
    page.get_by_role("region", name=editor).locator(".CodeMirror-lines:visible").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def _signs_in(page: Page, tab: str, person: Person, until: str) -> None:
    """Fill the password into a tab's operation, and run it."""
    _opens(page, tab)
    editor = page.get_by_role("region", name="Query Editor")
    expect(editor).to_contain_text(f"mutation {tab}")
    operation = _text(page, ".graphiql-query-editor")
    filled = operation.replace('password: ""', f'password: "{person.password}"')
    _writes(page, "Query Editor", filled)
    expect(editor).to_contain_text(person.password)
    _runs(page, tab, until)


def _acts_as(page: Page, tab: str, token: str) -> None:
    _opens(page, tab)
    _writes(page, "Headers", json.dumps({"Authorization": f"Bearer {token}"}))


def _data(page: Page) -> Any:
    return json.loads(_text(page, ".result-window"))["data"]


def _text(page: Page, place: str) -> str:
    """All of it: an editor draws only what is seen."""
    text: str = page.locator(f"{place} .CodeMirror").evaluate("(it) => it.CodeMirror.getValue()")
    return text


def _answer(page: Page) -> Locator:
    return page.get_by_role("region", name="Result Window")


def test_it_queries_and_follows_a_room(alice: Person, bob: Person) -> None:
    room = Room(alice, bob)
    page = alice.open("/graphql")

    expect(page.get_by_role("region", name="Query Editor")).to_contain_text("mutation SignIn")
    _runs(page, "WhoAmI", until=f'"{alice.username}"')
    _runs(page, "RoomEvents", until="CaughtUp", roomId=room.id)
    bob.say(room, "Here I am.")

    expect(_answer(page)).to_contain_text("Here I am.")


def test_its_tabs_play_the_story(alice: Person, bob: Person) -> None:
    room = Room(alice, access="BY_REQUEST")
    page = alice.window().new_page()
    page.goto(f"{alice.base}/graphql")

    _signs_in(page, "SignIn", alice, until='"Alice"')
    _runs(page, "WhoAmI", until='"rooms"')
    seen = next(each for each in _data(page)["viewer"]["rooms"]["nodes"] if each["id"] == room.id)
    _signs_in(page, "TokenForBob", bob, until='"token"')
    token = _data(page)["signIn"]["token"]
    _acts_as(page, "UserEvents", token)
    _runs(page, "UserEvents", until="CaughtUp")
    _acts_as(page, "RequestToJoin", token)
    _runs(page, "RequestToJoin", until="PENDING", input={"joinCode": seen["joinCode"]})
    request = _data(page)["requestToJoin"]["joinRequest"]["id"]
    _runs(page, "Admit", until="ADMITTED", input={"joinRequestId": request})
    _acts_as(page, "SendMessage", token)
    words = {"roomId": room.id, "text": "Here I am.", "clientMutationId": "my-first-words"}
    _runs(page, "SendMessage", until="Here I am.", input=words)
    _runs(page, "SendMessage", until="Here I am.")
    _runs(page, "RoomEvents", until="CaughtUp", roomId=room.id, after=seen["eventCursor"])

    told = [each["data"]["roomEvents"]["__typename"] for each in _stream(page)]
    assert told.count("MessageSent") == 1
    assert {"JoinRequestCreated", "JoinRequestAdmitted", "MemberJoined"} <= set(told)


def _stream(page: Page) -> Any:
    return json.loads(_text(page, ".result-window"))["newest first"]
