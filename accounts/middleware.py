"""Requests that say who they are in the Authorization header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import sightings
from accounts.authentication import credentials_of
from accounts.sessions import SessionStore


class BearerTokenMiddleware:
    """
    Judge a request with an Authorization header by that header alone.

    Its session is the token's, or an empty one; the cookie does not exist for it,
    so CSRF is not checked and no session cookie is set or deleted. It stands
    between SessionMiddleware and CsrfViewMiddleware.

    For all requests, whoever was recognised by a session is noted as seen, after
    the response has gone out.
    """

    sync_capable = True
    async_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        _judge_by_header(request)
        response = self.get_response(request)
        if not isinstance(response, HttpResponseBase):
            return _finish_later(request, response)
        if _must_save(request, response):
            _save(request)
        return _finish(request, response)


async def _finish_later(
    request: HttpRequest, coming: Awaitable[HttpResponseBase]
) -> HttpResponseBase:
    response = await coming
    if _must_save(request, response):
        await sync_to_async(_save)(request)
    return _finish(request, response)


def _judge_by_header(request: HttpRequest) -> None:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return
    credentials = credentials_of({"authorization": authorization})
    request.session = SessionStore(credentials.session_key, keeps_key=True)
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    # Read by CsrfViewMiddleware: what no browser sends by itself cannot be forged by a page.
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001  # Django's own flag


def _must_save(request: HttpRequest, response: HttpResponseBase) -> bool:
    session = request.session
    return (
        isinstance(session, SessionStore)
        and session.keeps_key
        and session.modified
        and session.session_key is not None
        and response.status_code < 500
    )


def _save(request: HttpRequest) -> None:
    # A session revoked meanwhile has nothing left to save; the answer stands.
    with suppress(UpdateError):
        request.session.save()


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    session = request.session
    if isinstance(session, SessionStore) and session.seen and session.session_key:
        noting = partial(sightings.note, [session.session_key])
        # Closing comes after sending, in a thread that Django enters anyway.
        response._resource_closers.append(noting)  # type: ignore[attr-defined]  # noqa: SLF001  # no public hook
    return response
