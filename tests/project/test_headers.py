from __future__ import annotations

import re

import pytest
from django.test import AsyncClient

from project.headers import HEADER

PAGES = ["/", "/room/1", "/plain/", "/plain/room/1", "/graphql", "/admin/login/"]
OTHERS = ["/healthz", "/graphql?query={__typename}", "/static/plain/home.js", "/nowhere"]


async def _policy(path: str, **headers: str) -> dict[str, list[str]]:
    """The directives of the policy that comes with an answer."""
    response = await AsyncClient().get(path, headers={"Accept": "text/html", **headers})
    directives = [part.split() for part in response[HEADER].split(";")]
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
@pytest.mark.django_db(transaction=True)
async def test_every_answer_has_the_policy(path: str) -> None:
    assert await _policy(path) == {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'", "ws://testserver", "wss://testserver"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.django_db(transaction=True)
async def test_every_page_has_djangos_headers_as_well(path: str) -> None:
    response = await AsyncClient().get(path, headers={"Accept": "text/html"})

    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("host", ["elsewhere.example", "testserver; script-src *", "a b", ""])
async def test_a_host_that_is_not_ours_is_not_in_the_policy(host: str) -> None:
    policy = await _policy("/healthz", Host=host)

    assert policy["connect-src"] == ["'self'"]
    assert policy["script-src"] == ["'self'"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.django_db(transaction=True)
async def test_no_page_has_a_script_or_a_style_of_its_own(path: str) -> None:
    response = await AsyncClient().get(path, headers={"Accept": "text/html"})
    html = response.content.decode()

    assert "<style" not in html
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]* src=)", html)
    assert not re.search(r" on[a-z]+=", html)
