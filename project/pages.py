"""
The pages: the web client, where one has been built, the plain pages, and GraphiQL.

Each comes with the CSRF cookie that its requests need.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from schema import http


def plain(name: str) -> Callable[..., HttpResponse]:
    """A view of one of the plain pages, whatever the address says beside."""
    return _view(lambda: settings.PLAIN / name)


def client(name: str) -> Callable[..., HttpResponse]:
    """A view of the web client, which finds its way by the address, or else of a plain page."""
    return _view(lambda: _built(settings.WEB_CLIENT) or settings.PLAIN / name)


@csrf_exempt  # GraphQL checks for itself
async def graphql(request: HttpRequest) -> HttpResponseBase:
    """GraphiQL for a browser that opens the address, and GraphQL for everything else."""
    if not http.wants_a_page(request):
        return await http.graphql(request)
    file = _built(settings.GRAPHIQL) or settings.PLAIN / "graphql.html"
    response = await sync_to_async(_page)(request, file)
    patch_vary_headers(response, ["Accept"])
    return response


def _built(directory: Path | None) -> Path | None:
    return directory / "index.html" if directory else None


def _view(file: Callable[[], Path]) -> Callable[..., HttpResponse]:
    @require_safe
    def view(request: HttpRequest, **_parameters: Any) -> HttpResponse:
        return _page(request, file())

    return view


def _page(request: HttpRequest, file: Path) -> HttpResponse:
    """The page in ``file``; addresses in it that begin with / begin at our root path."""
    get_token(request)
    content = file.read_text().replace('="/', f'="{settings.ROOT_PATH}/')
    return HttpResponse(content, headers={"Cache-Control": "no-cache"})
