"""The pages keep the content security policy, and it keeps them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Person

pytestmark = pytest.mark.only_on("sqlite")

_INJECT = """() => {
  const script = document.createElement("script");
  script.textContent = "document.title = 'injected'";
  document.head.append(script);
  document.body.setAttribute("style", "outline: 7px solid red");
}"""


@pytest.mark.parametrize("path", ["/", "/plain/", "/graphql", "/admin/"])
def test_what_is_put_into_a_page_neither_runs_nor_styles(alice: Person, path: str) -> None:
    page = alice.open(path)
    expect(page.locator("body")).to_be_visible()
    assert alice.complaints == []

    page.evaluate(_INJECT)

    expect(page).not_to_have_title("injected")
    expect(page.locator("body")).not_to_have_css("outline-width", "7px")
    refused, alice.complaints = alice.complaints, []
    assert len(refused) == 2
    assert all("Content Security Policy" in complaint for complaint in refused)
