"""Requests that say who they are in the Authorization header."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

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

    For all requests, the session by which somebody was recognised is noted as seen.
    Under ASGI a thread is entered only when there is something to write.
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
        if _has_to_write(request, response):
            _write(request, response)
        return response


async def _finish_later(
    request: HttpRequest, coming: Awaitable[HttpResponseBase]
) -> HttpResponseBase:
    response = await coming
    if _has_to_write(request, response):
        await sync_to_async(_write)(request, response)
    return response


def _judge_by_header(request: HttpRequest) -> None:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        return
    credentials = credentials_of({"authorization": authorization})
    request.session = SessionStore(credentials.session_key, keeps_key=True)
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    # Read by CsrfViewMiddleware: what no browser sends by itself cannot be forged by a page.
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # noqa: SLF001  # Django's own flag


def _has_to_write(request: HttpRequest, response: HttpResponseBase) -> bool:
    return _has_to_save(request, response) or _has_to_note(request)


def _write(request: HttpRequest, response: HttpResponseBase) -> None:
    if _has_to_save(request, response):
        # A session revoked meanwhile has nothing left to save; the answer stands.
        with suppress(UpdateError):
            request.session.save()
    if _has_to_note(request):
        sightings.note([request.session.session_key or ""])


def _has_to_save(request: HttpRequest, response: HttpResponseBase) -> bool:
    session = request.session
    return (
        isinstance(session, SessionStore)
        and session.keeps_key
        and session.modified
        and session.session_key is not None
        and response.status_code < 500
    )


def _has_to_note(request: HttpRequest) -> bool:
    session = request.session
    return (
        isinstance(session, SessionStore)
        and session.seen
        and session.session_key is not None
        and sightings.is_due(session.session_key)
    )
