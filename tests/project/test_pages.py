"""What a browser gets where pages were built, where none were, and below a path."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.server import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HASHED = "index-B4xY_z-9.js"
SCRIPT = "export const text = 'said again and again';\n" * 40
ENTRANCES = ["/", "/room/7"]
PLAIN = ["/plain/", "/plain/room/7"]


def _build(directory: Path, name: str, base: str) -> Path:
    """What Vite leaves behind, with the gzip beside it that make adds."""
    (directory / "assets").mkdir(parents=True)
    (directory / "index.html").write_text(
        f'<!doctype html><html lang="en"><head><base href="{base}" /><title>{name}</title>'
        f'<script type="module" src="./assets/{HASHED}"></script></head></html>'
    )
    for path in (
        directory / "assets" / HASHED,
        directory / "robots.txt",
        directory / "removed.txt",
    ):
        path.write_text(SCRIPT)
    packed = directory / "assets" / f"{HASHED}.gz"
    packed.write_bytes(gzip.compress(SCRIPT.encode()))
    return directory


def _serve(directory: Path, **environment: str) -> Iterator[Server]:
    server = Server(directory, **environment)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("unbuilt")
    nothing = str(directory / "nothing")
    yield from _serve(directory, WEB_CLIENT=nothing, GRAPHIQL=nothing)


@pytest.fixture(scope="module", params=["", "/chat"])
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """At the top, and below a path."""
    directory = tmp_path_factory.mktemp("built")
    yield from _serve(
        directory,
        ROOT_PATH=request.param,
        WEB_CLIENT=str(_build(directory / "client", "The web client", "/")),
        GRAPHIQL=str(_build(directory / "graphiql", "GraphiQL", "/static/graphiql/")),
    )


@pytest.fixture
def root(built: Server) -> str:
    """Where a browser finds the server that has pages."""
    return built.http + built.environment["ROOT_PATH"]


def _get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers={**BROWSER, **headers}, timeout=20)


def _title(page: httpx.Response) -> str:
    found = re.search(r"<title>(.*)</title>", page.text)
    assert found
    return found[1]


def _files(page: httpx.Response) -> list[str]:
    """The addresses of what a page loads, as a browser resolves them."""
    base = re.search(r'<base href="(.*?)" />', page.text)
    start = urljoin(str(page.url), base[1]) if base else str(page.url)
    return [
        urljoin(start, file)
        for file in re.findall(r'<(?:link|script)[^>]* (?:href|src)="(.*?)"', page.text)
    ]


@pytest.mark.parametrize("path", ENTRANCES)
def test_a_web_client_that_was_built_is_at_the_entrance(root: str, path: str) -> None:
    page = _get(root + path)

    assert _title(page) == "The web client"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "csrftoken" in page.cookies


@pytest.mark.parametrize("path", ENTRANCES)
def test_without_one_the_plain_pages_are(unbuilt: Server, path: str) -> None:
    assert _get(unbuilt.http + path).text == _get(f"{unbuilt.http}/plain{path}").text


@pytest.mark.parametrize("path", PLAIN)
def test_the_plain_pages_are_always_beside(root: str, path: str) -> None:
    page = _get(root + path)

    assert "/static/plain/" in page.text
    assert "csrftoken" in page.cookies


@pytest.mark.parametrize("path", [*ENTRANCES, *PLAIN, "/graphql"])
def test_all_that_a_page_loads_is_there(root: str, path: str) -> None:
    files = _files(_get(root + path))

    assert files
    assert {url: _get(url).status_code for url in files} == dict.fromkeys(files, 200)


@pytest.mark.parametrize("path", [*ENTRANCES, *PLAIN, "/graphql"])
def test_a_page_loads_nothing_from_elsewhere(root: str, path: str) -> None:
    assert all(url.startswith(f"{root}/") for url in _files(_get(root + path)))


@pytest.mark.parametrize("path", [*ENTRANCES, *PLAIN, "/graphql"])
def test_a_page_is_asked_for_anew_each_time(root: str, path: str) -> None:
    assert _get(root + path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", [f"/assets/{HASHED}", f"/static/graphiql/assets/{HASHED}"])
def test_a_file_named_by_its_content_is_kept_for_a_year_and_comes_packed(
    root: str, path: str
) -> None:
    packed = _get(root + path, **{"Accept-Encoding": "gzip"})
    flat = _get(root + path, **{"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in flat.headers
    assert packed.text == flat.text == SCRIPT
    for response in (packed, flat):
        assert response.headers["Cache-Control"] == "max-age=31536000, public, immutable"
        assert response.headers["Content-Type"].startswith("text/javascript")
        assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/robots.txt", "/static/plain/style.css"])
def test_other_files_are_kept_for_a_minute(root: str, path: str) -> None:
    assert _get(root + path).headers["Cache-Control"] == "max-age=60, public"


def test_a_file_that_a_later_build_has_removed_is_not_found(built: Server, root: str) -> None:
    Path(built.environment["WEB_CLIENT"], "removed.txt").unlink(missing_ok=True)

    assert _get(f"{root}/removed.txt").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/index.html", "/static/graphiql/index.html", "/static/plain/room.html"),
        *("/assets/", "/assets/none.js", "/plain/room/seven", "/room/7/", "/rooms/7"),
    ],
)
def test_what_is_no_page_is_not_found(root: str, path: str) -> None:
    assert _get(root + path).status_code == 404


def test_graphiql_is_for_browsers_only(root: str) -> None:
    page = _get(f"{root}/graphql")
    query = httpx.get(f"{root}/graphql", params={"query": "{ __typename }"}, headers=BROWSER)
    nothing = httpx.get(f"{root}/graphql")

    assert _title(page) == "GraphiQL"
    assert "csrftoken" in page.cookies
    assert {"Accept", "Cookie"} <= set(page.headers["Vary"].split(", "))
    assert query.json() == {"data": {"__typename": "Query"}}
    assert nothing.status_code == 400


def test_without_graphiql_a_page_says_how_to_get_it(unbuilt: Server) -> None:
    page = _get(f"{unbuilt.http}/graphql")

    assert "make run" in page.text
    assert "curl" in page.text
    assert "csrftoken" in page.cookies


def test_the_root_path_may_be_left_off_by_the_proxy_or_not(built: Server) -> None:
    path = built.environment["ROOT_PATH"]

    stripped, whole = _get(f"{built.http}/plain/"), _get(f"{built.http}{path}/plain/")

    assert stripped.text == whole.text
    assert f'href="{path}/static/plain/style.css"' in whole.text


def test_redirects_and_cookies_stay_below_the_root_path(built: Server) -> None:
    path = built.environment["ROOT_PATH"]

    for address in (f"{built.http}/admin/", f"{built.http}{path}/admin/"):
        assert _get(address).headers["Location"] == f"{path}/admin/login/?next={path}/admin/"
    cookie = _get(f"{built.http}{path}/").headers["Set-Cookie"]
    assert f"Path={path or '/'};" in cookie


def test_the_admin_site_finds_its_files_below_the_root_path(root: str) -> None:
    files = _files(_get(f"{root}/admin/login/"))

    assert files
    assert all(url.startswith(f"{root}/static/admin/") for url in files)
    assert all(_get(url).is_success for url in files)


def test_sockets_are_below_the_root_path_too(built: Server) -> None:
    for path in {"", built.environment["ROOT_PATH"]}:
        address = f"{built.ws}{path}/graphql"
        with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
            socket.send('{"type": "connection_init"}')

            assert json.loads(socket.recv(timeout=20))["type"] == "connection_ack"
