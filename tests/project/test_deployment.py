"""Behind TLS: what docs/how-to/deploy.md has in the environment, and what browsers are told."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import count
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.clients import DEADLINE, SUBPROTOCOL
from tests.project.test_serve import OWN
from tests.server import ROOT, Server

NAME = "chat.example.org"
FRONT = "https://front.example.org"
BY_PROXY = {"Host": NAME, "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
_names = (f"ann{number}" for number in count())


async def sign_up(client: httpx.AsyncClient) -> httpx.Response:
    query = (
        f'mutation {{ signUp(input: {{username: "{next(_names)}", password: "an-anteroom-5812",'
        ' firstName: "", lastName: ""}) { __typename } }'
    )
    return await client.post("/graphql", json={"query": query})


def documented_environment() -> dict[str, str]:
    """The environment file of the page, with its ellipses filled in."""
    page = (ROOT / "docs/how-to/deploy.md").read_text()
    [block] = re.findall(r"As\n`/etc/anteroom.env`.*?```ini\n(.*?)```", page, re.DOTALL)
    pairs = (shlex.split(line)[0].partition("=") for line in block.splitlines())
    return {name: value.replace("…", secrets.token_urlsafe(48)) for name, _, value in pairs}


def check_deploy(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_the_page_shows_passes_django_s_checks(tmp_path: Path) -> None:
    done = check_deploy({**documented_environment(), "DATA_DIR": str(tmp_path)})

    assert "no issues (0 silenced)" in done.stdout, done.stderr
    assert done.returncode == 0


def test_without_the_switch_they_do_not(tmp_path: Path) -> None:
    environment = {**documented_environment(), "DATA_DIR": str(tmp_path), "HTTPS": "0"}

    done = check_deploy(environment)

    assert done.returncode == 1
    for warning in ("W004", "W008", "W016"):
        assert f"security.{warning}" in done.stderr


@pytest.fixture(scope="module")
def behind_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("tls"),
        HTTPS="1",
        ALLOWED_HOSTS=f"{NAME},127.0.0.1",
        CSRF_TRUSTED_ORIGINS=FRONT,
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def browser(behind_tls: Server) -> AsyncIterator[httpx.AsyncClient]:
    """What comes through the proxy; its cookies are for the proxy's name."""
    async with httpx.AsyncClient(
        base_url=behind_tls.http, headers=BY_PROXY, timeout=DEADLINE
    ) as client:
        yield client


def flags(response: httpx.Response) -> dict[str, set[str]]:
    """The attributes of each cookie that a response sets, but how long it lasts."""
    cookies = [each.split("; ") for each in response.headers.get_list("set-cookie")]
    lasting = ("expires", "max-age")
    return {
        parts[0].partition("=")[0]: {
            part for part in parts[1:] if not part.lower().startswith(lasting)
        }
        for parts in cookies
    }


async def test_cookies_are_for_tls_alone_and_the_session_s_for_no_script(
    browser: httpx.AsyncClient,
) -> None:
    answer = await sign_up(browser)

    shared = {"Path=/", "SameSite=Lax", "Secure"}
    assert flags(answer) == {"sessionid": {*shared, "HttpOnly"}, "csrftoken": shared}


async def test_without_tls_cookies_are_the_same_but_for_that(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    async with httpx.AsyncClient(base_url=server.http, timeout=DEADLINE) as client:
        answer = await sign_up(client)
    server.stop()

    shared = {"Path=/", "SameSite=Lax"}
    assert flags(answer) == {"sessionid": {*shared, "HttpOnly"}, "csrftoken": shared}
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/graphql", "/admin/login/", "/static/admin/css/base.css"])
async def test_every_answer_tells_browsers_to_come_by_tls_for_a_year(
    browser: httpx.AsyncClient, path: str
) -> None:
    answer = await browser.get(path, headers={"Accept": "text/html,*/*"})

    assert answer.status_code == 200
    told = answer.headers["strict-transport-security"]
    assert told == "max-age=31536000; includeSubDomains; preload"


async def test_who_comes_without_tls_is_sent_there(behind_tls: Server) -> None:
    async with httpx.AsyncClient(
        base_url=behind_tls.http, headers={"Host": NAME}, timeout=DEADLINE
    ) as client:
        page = await client.get("/room/7?x=1")
        change = await sign_up(client)

    assert (page.status_code, page.headers["location"]) == (301, f"https://{NAME}/room/7?x=1")
    assert change.status_code == 301
    assert "set-cookie" not in change.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_told_without_tls_to_who_asks_past_the_proxy(
    behind_tls: Server, path: str
) -> None:
    async with httpx.AsyncClient(base_url=behind_tls.http, timeout=DEADLINE) as client:
        answer = await client.get(path)

    # Whether it is ready depends on how busy the machine is: it has a second for its checks.
    assert answer.status_code in (200, 503)
    assert "status" in answer.json()


@pytest.mark.parametrize(
    ("origin", "status"),
    [(f"https://{NAME}", 200), (FRONT, 200), (f"http://{NAME}", 403), ("https://x.test", 403)],
)
async def test_changes_and_sockets_come_from_our_pages_and_the_trusted_ones(
    behind_tls: Server, browser: httpx.AsyncClient, origin: str, status: int
) -> None:
    jar = (await sign_up(browser)).cookies
    # They are Secure, and this client speaks to the server without TLS, as the proxy does.
    cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
    headers = {"Origin": origin, "X-CSRFToken": jar["csrftoken"], "Cookie": cookies}

    answer = await browser.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

    assert answer.status_code == status
    assert await handshake(behind_tls, origin) == (101 if status == 200 else 403)


async def handshake(server: Server, origin: str) -> int:
    try:
        async with connect(
            f"{server.ws}/graphql",
            subprotocols=[SUBPROTOCOL],
            additional_headers={**BY_PROXY, "Origin": origin},
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code
