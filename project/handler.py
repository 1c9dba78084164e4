"""
Django's handler, without a thread for each hook of each middleware.

Under ASGI Django sends every ``process_request``, ``process_view`` and ``process_response``
to a thread: thirteen switches there and back for a request, which make it a fifth slower
and more (10.4 ms for a message, to 8.4). The hooks of Django's own middleware look at
headers and cookies. They run on the event loop here; what may take longer goes to a thread
when there is any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware

Ask = Callable[[HttpRequest], HttpResponseBase | None]
Tell = Callable[[HttpRequest, HttpResponseBase], HttpResponseBase]
Answered = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def _nothing(_request: HttpRequest) -> bool:
    return False


def _a_session(request: HttpRequest) -> bool:
    return request.session.modified or settings.SESSION_SAVE_EVERY_REQUEST


def _messages(request: HttpRequest) -> bool:
    found: Any = getattr(request, "_messages", None)
    return found is not None and (found.used or found.added_new)


_TO_STORE: Mapping[type, Callable[[HttpRequest], bool]] = {
    SecurityMiddleware: _nothing,
    SessionMiddleware: _a_session,
    CommonMiddleware: _nothing,
    CsrfViewMiddleware: _nothing,
    AuthenticationMiddleware: _nothing,
    MessageMiddleware: _messages,
    XFrameOptionsMiddleware: _nothing,
}
"""The middleware that is known, and whether ``process_response`` has something to store."""


class Handler(ASGIHandler):
    """Middleware that is not known is run as Django runs it."""

    def adapt_method_mode(
        self,
        is_async: bool,  # noqa: FBT001  # as Django calls it
        method: Callable[..., Any],
        *more: Any,
        **named: Any,
    ) -> Any:
        """Adapt what Django has made of a middleware, or its ``process_view``."""
        middleware = getattr(method, "__wrapped__", None)
        if is_async and _is_known(middleware):
            return convert_exception_to_response(_answered(middleware))
        adapted: Any = super().adapt_method_mode(is_async, method, *more, **named)
        if is_async and _is_known(getattr(method, "__self__", None)):
            return _checked(method, adapted)
        return adapted


def _is_known(middleware: Any) -> bool:
    # With CSRF_USE_SESSIONS a hook that looks at a cookie here would read the database.
    if type(middleware) not in _TO_STORE or settings.CSRF_USE_SESSIONS:
        return False
    # One before another that is not asynchronous waits for that, in a thread.
    is_async: bool = middleware.async_mode
    return is_async


def _answered(middleware: Any) -> Answered:
    """What ``MiddlewareMixin.__acall__`` does."""
    ask: Ask | None = getattr(middleware, "process_request", None)
    tell: Tell | None = getattr(middleware, "process_response", None)
    go_on: Answered = middleware.get_response
    has_to_store = _TO_STORE[type(middleware)]

    async def answered(request: HttpRequest) -> HttpResponseBase:
        response = (ask and ask(request)) or await go_on(request)
        if tell is None:
            return response
        if has_to_store(request):
            return await sync_to_async(tell)(request, response)
        return tell(request, response)

    return answered


def _checked(check: Callable[..., Any], in_a_thread: Callable[..., Awaitable[Any]]) -> Any:
    """``process_view`` of the CSRF middleware; a form that it has to read is read in a thread."""

    async def checked(request: HttpRequest, view: Callable[..., Any], *rest: Any) -> Any:
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            return await in_a_thread(request, view, *rest)
        return check(request, view, *rest)

    return checked
