"""Which pages may open sockets and streams with their visitors' cookies."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_OURS = {"same-origin", "none"}
"""What browsers call what a page of this origin loads, and what no page does (Fetch Metadata)."""


def is_allowed(headers: Mapping[str, str]) -> bool:
    """
    Whether a handshake, or a request by GET, comes from a page of ours, or from no page at all.

    ``headers`` are by lower-case name. Browsers always send Origin with a handshake;
    it must be this host's or one in ``CSRF_TRUSTED_ORIGINS``, and where cookies are for
    TLS alone, so are pages. What they load without it, as an image or a link, they send
    Sec-Fetch-Site with. The host must be one of ``ALLOWED_HOSTS``, or a page could make
    its own name point here.
    """
    host = headers.get("host", "")
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in _OURS
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    is_safe = page.scheme == "https" or not settings.SESSION_COOKIE_SECURE
    return is_safe and page.netloc.lower() == host.lower()
