"""
Take the README's pictures of the web client anew: ``python -m tests.browser.pictures``.

They show the demo as somebody finds it who follows the story, in both colour schemes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

import django
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.home_page import asks_to_come_in, creates_a_room
from tests.browser.needs import chromium
from tests.browser.room_page import code_of, says
from tests.server import ROOT, Server

IMAGES = ROOT / "docs" / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}


def main() -> None:
    for scheme in ("light", "dark"):
        with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
            server = Server(Path(directory), DEMO="1")
            server.start()
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            _play(browser, server, scheme)
            browser.close()
            server.stop()


def _play(browser: Browser, server: Server, scheme: Literal["light", "dark"]) -> None:
    from tests.browser.people import everybody

    people = everybody(browser, server)
    alice, bob, carol = (
        people[name].open(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
        for name in ("alice", "bob", "carol")
    )
    creates_a_room(bob, "Workshop", "By request")
    bob.get_by_role("link", name="Back to your rooms").click()
    creates_a_room(carol, "Reading circle", "By request")
    alice.get_by_role("link", name="The anteroom").click()
    _let_in(alice, bob)
    _talk(alice, bob)
    _wait_at_doors(alice, bob, carol)
    for page, name in ((alice, "room"), (bob, "home")):
        expect(page.locator(".notice[data-shown=true]")).to_have_count(0, timeout=20_000)
        page.mouse.move(0, 0)
        page.screenshot(path=IMAGES / f"{name}-{scheme}.png")


def _let_in(alice: Page, bob: Page) -> None:
    asks_to_come_in(bob, code_of(alice).input_value())
    alice.get_by_role("button", name="Admit Bob").click()
    bob.get_by_role("listitem").get_by_role("link", name="Enter The anteroom").click()


def _talk(alice: Page, bob: Page) -> None:
    says(bob, "Hello Alice! Thank you for letting me in.")
    says(bob, "My train went into a tunnel halfway through. Did I miss anything?")
    expect(alice.get_by_text("Did I miss anything?")).to_be_visible()
    says(alice, "Welcome, Bob. You missed nothing: nobody does here.")
    says(alice, "Carol wants to join us for tea, too.\nI will let her in when she knocks.")
    expect(bob.get_by_text("when she knocks")).to_be_visible()
    says(bob, "The kettle is on!")
    expect(alice.get_by_text("The kettle is on!")).to_be_visible()


def _wait_at_doors(alice: Page, bob: Page, carol: Page) -> None:
    bob.get_by_role("link", name="Back to your rooms").click()
    asks_to_come_in(bob, code_of(carol).input_value(), owner="Carol")
    carol.get_by_role("link", name="Back to your rooms").click()
    asks_to_come_in(carol, code_of(alice).input_value())
    expect(alice.get_by_role("button", name="Admit Carol")).to_be_visible()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    main()
