"""axe finds nothing serious on any page, light or dark."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.people import Person, Room

pytestmark = [
    pytest.mark.only_on("sqlite"),
    pytest.mark.parametrize("scheme", ["light", "dark"]),
]
Scheme = Literal["light", "dark"]

GRAPHIQL_IS_KNOWN_FOR = "nested-interactive"  # its tabs are list items with buttons in them


def _appearance(scheme: Scheme) -> dict[str, Any]:
    """
    How pages are shown to axe.

    It is run by a script that the policy would refuse, and would see colours on their way.
    """
    return {"color_scheme": scheme, "reduced_motion": "reduce", "bypass_csp": True}


def _findings(page: Page) -> dict[str, list[str]]:
    """The elements that break each rule, by the rule's id."""
    return {
        rule["id"]: [node["html"] for node in rule["nodes"]]
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in ("serious", "critical")
    }


@pytest.mark.parametrize("path", ["/", "/plain/"])
def test_signing_in_and_up(alice: Person, path: str, scheme: Scheme) -> None:
    page = alice.window(**_appearance(scheme)).new_page()
    page.goto(alice.base + path)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert _findings(page) == {}

    page.get_by_role("button", name="Create an account").click()
    expect(page.get_by_role("button", name="Create account")).to_be_visible()
    assert _findings(page) == {}


@pytest.mark.parametrize("path", ["/", "/plain/"])
def test_the_home_page(alice: Person, path: str, scheme: Scheme) -> None:
    page = alice.open(path, **_appearance(scheme))
    expect(page.get_by_role("link", name="The anteroom")).to_be_visible()

    assert _findings(page) == {}


def test_a_dialog(alice: Person, scheme: Scheme) -> None:
    page = alice.open(**_appearance(scheme))
    page.get_by_role("button", name="Create a room").click()
    expect(page.get_by_role("dialog")).to_be_visible()

    assert _findings(page) == {}


@pytest.mark.parametrize("path", ["", "/plain"])
def test_the_room_page_wide_and_narrow(
    alice: Person, bob: Person, path: str, scheme: Scheme
) -> None:
    room = Room(alice, bob)
    alice.say(room, "Hello")
    bob.say(room, "Hello yourself")
    page = alice.open(path + room.path, **_appearance(scheme))
    expect(page.get_by_text("Hello yourself")).to_be_visible()
    assert _findings(page) == {}

    page.set_viewport_size({"width": 360, "height": 720})
    page.get_by_role("button", name="People").click()
    expect(page.get_by_role("heading", name="Members")).to_be_visible()
    assert _findings(page) == {}


def test_graphiql_as_far_as_it_is_ours(alice: Person, scheme: Scheme) -> None:
    page = alice.open("/graphql", **_appearance(scheme))
    expect(page.get_by_role("tab").first).to_be_visible()

    assert _findings(page).keys() <= {GRAPHIQL_IS_KNOWN_FOR}
