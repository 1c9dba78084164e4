"""Static files beside an asynchronous Django."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from io import BytesIO
from typing import Any

from asgiref.sync import markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise is untyped
    """
    WhiteNoise, without two thread switches for every request that is not for a file.

    A file is read at once: Django cannot stream it from a thread, and ours are small.
    """

    FOREVER = 365 * 24 * 60 * 60

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        super().__init__(get_response)
        self._next = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.autorefresh or request.path_info in self.files:
            return await sync_to_async(self._read)(request) or await self._next(request)
        return await self._next(request)

    def _read(self, request: HttpRequest) -> HttpResponse | None:
        path = request.path_info
        if path.endswith(".html"):
            return None  # a page is a view, which knows our root path and gives the CSRF cookie
        file = self.find_file(path) if self.autorefresh else self.files[path]
        return self._opened(file, request) if file else None

    def _opened(self, file: Any, request: HttpRequest) -> HttpResponse | None:
        try:
            found = file.get_response(request.method, request.META)
        except FileNotFoundError:  # a build since we started has removed it
            return None
        with found.file or nullcontext(BytesIO()) as opened:
            response = HttpResponse(opened.read(), status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response
