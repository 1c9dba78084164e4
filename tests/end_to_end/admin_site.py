"""The admin site as the boss's browser sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from tests.clients import DEADLINE
from tests.server import Server

BOSS_PASSWORD = "the-boss-of-anteroom-5812"


@asynccontextmanager
async def admin_site(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the boss has signed in on the admin site's own page."""
    async with httpx.AsyncClient(
        base_url=server.http, timeout=DEADLINE, follow_redirects=True
    ) as browser:
        login = "/admin/login/?next=/admin/"
        page = await submit(browser, login, username="boss", password=BOSS_PASSWORD)
        assert "Site administration" in page
        yield browser


async def submit(browser: httpx.AsyncClient, path: str, **values: object) -> str:
    """Load the page with the form, fill it in and send it as a browser does."""
    page = await browser.get(path)
    assert page.status_code == 200, page
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token is not None
    form = {name: str(value) for name, value in values.items()}
    answer = await browser.post(path, data={**form, "csrfmiddlewaretoken": token[1]})
    assert answer.status_code == 200, answer
    assert "errornote" not in answer.text
    return answer.text
