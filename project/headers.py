"""The headers that tell browsers what a page may do; Django sets the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

Handler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

HEADER = "Content-Security-Policy"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'{sockets}; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""What stands in a page runs nothing and styles nothing: scripts and styles are files of ours."""


@async_only_middleware
def content_security_policy(get_response: Handler) -> Handler:
    """Give every answer the policy, unless its view has given it another."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        response.headers.setdefault(HEADER, POLICY.format(sockets=_sockets(request)))
        return response

    return middleware


def _sockets(request: HttpRequest) -> str:
    """Our own sockets by name: not every browser takes 'self' to mean them too."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return ""
    return f" ws://{host} wss://{host}"
