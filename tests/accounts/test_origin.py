"""Which pages may open sockets with their visitors' cookies."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.origin import is_allowed


@pytest.fixture(autouse=True)
def _served_as(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["chat.test", ".example.test", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.test"]


@pytest.mark.parametrize(
    "host", ["chat.test", "chat.test:8000", "CHAT.test", "a.example.test", "[::1]:8000"]
)
def test_who_is_no_page_needs_no_origin(host: str) -> None:
    assert is_allowed({"host": host})


@pytest.mark.parametrize(
    ("site", "allowed"),
    [("none", True), ("same-origin", True), ("same-site", False), ("cross-site", False)],
)
def test_what_a_page_loads_without_an_origin_is_told_by_its_site(site: str, allowed: bool) -> None:
    assert is_allowed({"host": "chat.test", "sec-fetch-site": site}) is allowed


def test_a_page_that_is_trusted_may_be_of_another_site() -> None:
    assert is_allowed(
        {"host": "chat.test", "origin": "https://front.test", "sec-fetch-site": "cross-site"}
    )


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("chat.test", "https://chat.test"),
        ("chat.test", "http://chat.test"),
        ("chat.test:8000", "http://chat.test:8000"),
        ("Chat.test", "https://chat.TEST"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("chat.test", "https://front.test"),
    ],
)
def test_a_page_of_ours_may(host: str, origin: str) -> None:
    assert is_allowed({"host": host, "origin": origin})


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "https://evil.test",
            "https://chat.test.evil.test",
            "https://evil.test/chat.test",
            "null",
            "",
        ),
        *("chat.test", "https://chat.test:8000", "https://front.test:8000", "http://front.test"),
        *(
            "https://chat.test@evil.test",
            "https://evil.test#chat.test",
            "http://[",
            "https://[chat.test]",
        ),
        *("https://sub.chat.test", "//", "\0", "é", "https://ch\u00e4t.test"),
    ],
)
def test_a_foreign_page_may_not(origin: str) -> None:
    assert not is_allowed({"host": "chat.test", "origin": origin})


def test_where_cookies_are_for_tls_alone_a_page_without_it_may_not(settings: Any) -> None:
    """Whoever is on the line could have written that page."""
    settings.SESSION_COOKIE_SECURE = True

    assert is_allowed({"host": "chat.test", "origin": "https://chat.test"})
    assert not is_allowed({"host": "chat.test", "origin": "http://chat.test"})


@pytest.mark.parametrize(
    "host", ["evil.test", "", "chat.test.evil.test", "chat.test/", "[", "\0", "chat.test:x"]
)
def test_a_name_that_is_not_ours_may_not(host: str) -> None:
    """A page could let its own name point here, and be of the same origin then."""
    assert not is_allowed({"host": host})
    assert not is_allowed({"host": host, "origin": f"https://{host}"})
    assert not is_allowed({"host": host, "origin": "https://front.test"})


def test_a_handshake_without_a_host_is_not_for_us() -> None:
    assert not is_allowed({})
    assert not is_allowed({"origin": "https://"})
