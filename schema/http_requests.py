"""What an HTTP request asks to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import MediaType

from schema.negotiation import JSON
from schema.parameters import Parameters
from schema.requests import Request


class Refusal(Exception):
    """The HTTP request itself cannot be served."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


def request_of(request: HttpRequest) -> Request:
    """
    Read the parameters of a GET or POST request.

    Raises:
        Refusal: If it has none, or is of another method.

    """
    if request.method == "GET":
        return _from_query_string(request)
    if request.method == "POST":
        return _from_body(request)
    raise Refusal(405, "Use GET or POST.", {"Allow": "GET, POST"})


def _from_query_string(request: HttpRequest) -> Request:
    known = Parameters.__struct_encode_fields__
    for name in known:
        if len(request.GET.getlist(name)) > 1:
            raise Refusal(400, f"The parameter {name!r} is given more than once.")
    parameters: dict[str, Any] = {name: request.GET[name] for name in known if name in request.GET}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _decoded(parameters[name].encode(), Any, f"The parameter {name!r}")
    try:
        return msgspec.convert(parameters, Parameters).request()
    except msgspec.ValidationError as error:
        raise Refusal(400, f"The parameters are not a GraphQL request: {error}.") from error


def _from_body(request: HttpRequest) -> Request:
    _check_encoding(request)
    try:
        content = request.body
    except RequestDataTooBig as error:
        raise Refusal(413, "The request is too large.") from error
    if content.lstrip()[:1] == b"[":
        raise Refusal(400, "Send one operation in a request: there is no batching.")
    parameters: Parameters = _decoded(content, Parameters, "The body")
    return parameters.request()


def _check_encoding(request: HttpRequest) -> None:
    sent = MediaType(request.headers.get("Content-Type", ""))
    if f"{sent.main_type}/{sent.sub_type}".lower() != JSON:
        raise Refusal(415, f"Send {JSON}.", {"Accept": JSON})
    if sent.params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal(415, "Send UTF-8.", {"Accept": JSON})
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(415, "Send it as it is, not compressed.", {"Accept-Encoding": "identity"})


def _decoded(content: bytes, expected: Any, what: str) -> Any:
    try:
        return msgspec.json.decode(content, type=expected)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"{what} is not what it should be: {error}.") from error
