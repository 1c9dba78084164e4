"""Requests through our handler: what Django's own answers, and fewer threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from asgiref.sync import SyncToAsync
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import sync_only_middleware
from django.views.decorators.csrf import csrf_exempt

from accounts.models import Session
from project.handler import Handler
from tests.realtime.conftest import in_thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

PASSWORD = "quite-a-long-password"
HOOKS = {"process_request", "process_view", "process_response"}


async def greet(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello.")


async def fail(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("On purpose.")


def remember(request: HttpRequest) -> HttpResponse:
    request.session["colour"] = "green"
    return HttpResponse(request.user.get_username())


def say(request: HttpRequest) -> HttpResponse:
    messages.info(request, "It is done.")
    return HttpResponse()


def told(request: HttpRequest) -> HttpResponse:
    return HttpResponse("; ".join(map(str, messages.get_messages(request))))


urlpatterns = [
    path("greet/", greet),
    path("open/", csrf_exempt(greet)),
    path("fail/", fail),
    path("remember/", remember),
    path("say/", say),
    path("told/", told),
    path("admin/", admin.site.urls),
]


class Spied(SessionMiddleware):
    """Nobody knows what it does."""


@sync_only_middleware
def waiting(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """As many are that others have written."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["X-Status"] = str(response.status_code)
        return response

    return middleware


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been run in a thread, by its qualified name."""
    names: list[str] = []
    call: Any = SyncToAsync.__call__

    async def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        names.append(getattr(self.func, "__qualname__", ""))
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", noted)
    return names


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password=PASSWORD)


def _browser(handler: ASGIHandler | None = None) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(handler or Handler())
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def _but_when(headers: httpx.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "expires"}


def _hooks(names: list[str]) -> list[str]:
    return [each for each in names if each.rpartition(".")[2] in HOOKS]


async def test_a_request_that_has_nothing_to_store_sends_no_hook_to_a_thread(
    in_threads: list[str],
) -> None:
    async with _browser() as browser:
        answers = [await browser.get("/greet/"), await browser.post("/open/")]

    assert [each.text for each in answers] == 2 * ["Hello."]
    assert not _hooks(in_threads)


async def test_django_s_own_handler_sends_every_hook_to_a_thread(in_threads: list[str]) -> None:
    async with _browser(ASGIHandler()) as browser:
        await browser.get("/greet/")

    assert len(_hooks(in_threads)) == 13


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/greet/", "/open/", "/greet", "/nowhere/", "/fail/", "/admin/"])
@pytest.mark.parametrize("headers", [{}, {"Host": "elsewhere.example"}, {"Cookie": "sessionid=x"}])
async def test_the_answer_is_that_of_django_s_own_handler(
    method: str, path: str, headers: dict[str, str], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    answers = []
    for handler in (Handler(), ASGIHandler()):
        async with _browser(handler) as browser:
            answers.append(await browser.request(method, path, headers=headers))

    ours, django = answers
    assert (ours.status_code, ours.content) == (django.status_code, django.content)
    assert ours.headers.keys() == django.headers.keys()
    assert _but_when(ours.headers) == _but_when(django.headers)


@pytest.mark.parametrize("at", [0, 5, 10])
async def test_middleware_that_waits_may_stand_anywhere(at: int, settings: Any) -> None:
    known = settings.MIDDLEWARE
    settings.MIDDLEWARE = [*known[:at], f"{__name__}.waiting", *known[at:]]
    answers = []
    for handler in (Handler(), ASGIHandler()):
        async with _browser(handler) as browser:
            answers.append(await browser.get("/remember/"))

    assert [each.status_code for each in answers] == [200, 200]
    assert [each.headers["X-Status"] for each in answers] == ["200", "200"]


@pytest.mark.parametrize("setting", ["SESSION_SAVE_EVERY_REQUEST", "CSRF_USE_SESSIONS"])
async def test_a_session_that_is_used_for_every_request_is_so_in_a_thread(
    setting: str, settings: Any
) -> None:
    setattr(settings, setting, True)
    async with _browser() as browser:
        answers = [await browser.get(each) for each in ("/remember/", "/greet/", "/greet/")]

    assert [each.status_code for each in answers] == [200, 200, 200]


async def test_what_one_middleware_refuses_goes_through_those_before_it(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]

    async with _browser() as browser:
        answer = await browser.get("/greet/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_session_is_saved_and_found_again(boss: User, in_threads: list[str]) -> None:
    async with _browser() as browser:
        page = await browser.get("/admin/login/")
        form = {"username": "boss", "password": PASSWORD, "next": "/remember/"}
        token = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        answer = await browser.post("/admin/login/", data={**form, **token})
        remembered = await browser.get(answer.headers["Location"])

    assert (page.status_code, answer.status_code) == (200, 302)
    assert remembered.text == "boss"
    session = await in_thread(Session.objects.get, user=boss)
    assert session.get_decoded()["colour"] == "green"
    assert _hooks(in_threads).count("SessionMiddleware.process_response") == 2


async def test_a_form_is_read_in_a_thread_and_refused_without_its_token(
    in_threads: list[str],
) -> None:
    async with _browser() as browser:
        answer = await browser.post("/greet/", data={"word": "Hello"})

    assert answer.status_code == 403
    assert _hooks(in_threads) == ["CsrfViewMiddleware.process_view"]


async def test_messages_are_kept_for_the_next_page(in_threads: list[str]) -> None:
    async with _browser() as browser:
        await browser.get("/say/")
        first, second = await browser.get("/told/"), await browser.get("/told/")

    assert (first.text, second.text) == ("It is done.", "")
    assert set(_hooks(in_threads)) == {"MessageMiddleware.process_response"}


async def test_middleware_that_is_not_known_is_run_as_django_runs_it(
    settings: Any, in_threads: list[str]
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Spied"]

    async with _browser() as browser:
        await browser.get("/greet/")

    assert _hooks(in_threads) == [
        "SessionMiddleware.process_request",
        "SessionMiddleware.process_response",
    ]
