"""The plain pages, which come with the CSRF cookie that their requests need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

_DIRECTORY = settings.BASE_DIR / "frontend_examples" / "plain"


def page(name: str) -> Callable[..., HttpResponse]:
    """A view of the file ``name``, whatever the address says beside."""

    @require_safe
    @ensure_csrf_cookie
    def view(_request: HttpRequest, **_parameters: Any) -> HttpResponse:
        return HttpResponse((_DIRECTORY / name).read_bytes())

    return view
