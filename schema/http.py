"""
GraphQL over HTTP (https://graphql.github.io/graphql-over-http/).

Queries by GET and POST, mutations by POST, as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import django.db
import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt
from graphql import GraphQLError, OperationType
from msgspec import Struct

from schema import execution, requests, threads
from schema.requests import Operation, Request, RequestError
from schema.transports import HttpContext

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"


class Body(Struct, rename={"operation_name": "operationName"}):
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None

    def request(self) -> Request:
        return Request(self.query, self.variables or {}, self.operation_name)


class Refusal(Exception):
    """The HTTP request itself cannot be served."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


@csrf_exempt  # checked below, where a cookie says who is asking
async def graphql(request: HttpRequest) -> HttpResponse:
    """Answer one request."""
    media_type = _media_type(request)
    try:
        return await threads.operations().run(partial(_answer, request, media_type))
    except Refusal as refusal:
        return _refused(refusal, media_type)
    except RequestError as error:
        status = 400 if media_type == GRAPHQL_RESPONSE else 200
        return _response({"errors": error.errors}, media_type, status)


def _answer(request: HttpRequest, media_type: str) -> HttpResponse:
    """Read and run the operation, in a worker thread: judging a long document takes its time."""
    operation = _operation(request)
    context = HttpContext(request)
    try:
        _check_csrf(request, context)
        result = execution.run(operation, context)
    except django.db.Error as error:  # already when it was asked who is asking
        result = execution.failed(error)
    return _response(execution.formatted(result), media_type, 200)


def _operation(request: HttpRequest) -> Operation:
    if request.method == "GET":
        operation = requests.prepare(_from_query_string(request))
        if operation.kind is OperationType.MUTATION:
            raise Refusal(405, "Mutations are sent by POST.", {"Allow": "POST"})
    elif request.method == "POST":
        operation = requests.prepare(_from_body(request))
    else:
        raise Refusal(405, "Use GET or POST.", {"Allow": "GET, POST"})
    if operation.kind is OperationType.SUBSCRIPTION:
        raise Refusal(400, "Subscribe over a WebSocket at this address (graphql-transport-ws).")
    return operation


def _from_query_string(request: HttpRequest) -> Request:
    parameters: dict[str, Any] = request.GET.dict()
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _decoded(parameters[name].encode(), Any, f"The parameter {name!r}")
    try:
        return msgspec.convert(parameters, Body).request()
    except msgspec.ValidationError as error:
        raise Refusal(400, f"The parameters are not a GraphQL request: {error}.") from error


def _from_body(request: HttpRequest) -> Request:
    if request.content_type != JSON:
        raise Refusal(415, f"Send {JSON}.", {"Accept": JSON})
    try:
        content = request.body
    except RequestDataTooBig as error:
        raise Refusal(413, "The request is too large.") from error
    body: Body = _decoded(content, Body, "The body")
    return body.request()


def _decoded(content: bytes, expected: Any, what: str) -> Any:
    try:
        return msgspec.json.decode(content, type=expected)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, f"{what} is not what it should be: {error}.") from error


def _check_csrf(request: HttpRequest, context: HttpContext) -> None:
    """A browser sends cookies along for any page; only ours knows the token."""
    if request.method == "GET" or context.identity is None:
        return
    check = _CsrfCheck(lambda _: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, lambda _: HttpResponse(), (), {})
    if reason is not None:
        raise Refusal(403, f"{reason} Send the csrftoken cookie's value as X-CSRFToken.")


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:  # noqa: ARG002  # Django's signature
        return reason


def _media_type(request: HttpRequest) -> str:
    """The form of answer that the client prefers; JSON where it does not say."""
    preferred = request.get_preferred_type([JSON, GRAPHQL_RESPONSE])
    return preferred or JSON


def wants_a_page(request: HttpRequest) -> bool:
    """Whether a browser opens the address, and brings no query along."""
    preferred = request.get_preferred_type([JSON, GRAPHQL_RESPONSE, "text/html"])
    return request.method == "GET" and "query" not in request.GET and preferred == "text/html"


def _refused(refusal: Refusal, media_type: str) -> HttpResponse:
    errors = [GraphQLError(str(refusal)).formatted]
    response = _response({"errors": errors}, media_type, refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _response(content: Mapping[str, Any], media_type: str, status: int) -> HttpResponse:
    return HttpResponse(
        msgspec.json.encode(content), status=status, content_type=f"{media_type}; charset=utf-8"
    )
