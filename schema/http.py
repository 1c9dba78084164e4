"""
GraphQL over HTTP, first edition (https://http-spec.graphql.org/September2026/).

Queries by GET and POST, mutations by POST, as JSON; subscriptions by either, as a stream.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import django.db
import msgspec
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from graphql import GraphQLError, OperationType

from accounts import origin
from accounts.authentication import Identity
from accounts.seats import Seat
from realtime.wire import SHUTDOWN
from schema import execution, http_streams, requests, subscribing, threads
from schema.framing import FRAMINGS, EventStream
from schema.http_requests import Refusal, request_of
from schema.negotiation import (
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    RESULTS,
    STREAMS,
    preferred,
)
from schema.requests import Operation, RequestError
from schema.transports import HttpContext, StreamContext

PARTIAL_SUCCESS = 294
"""There is data, and there are errors (GraphQL over HTTP, 6.3)."""

_SHORT = 10_000
"""Bytes of a body that are read on the event loop."""

_STATUS = {"UNAVAILABLE": 503, "INTERNAL_SERVER_ERROR": 500, "RATE_LIMITED": 429}


@dataclass(frozen=True, slots=True)
class Subscribing:
    """A subscription that may begin."""

    operation: Operation
    identity: Identity | None
    media_type: str


class TooManyStreams(RequestError):
    """There is no place for one more; ``whose`` ends the sentence that says so."""

    def __init__(self, whose: str) -> None:
        told = GraphQLError(f"Too many streams {whose}", extensions={"retryAfter": _patience()})
        super().__init__([told], "RATE_LIMITED")


@csrf_exempt  # checked below, where a cookie says who is asking
async def graphql(request: HttpRequest) -> HttpResponseBase:
    """Answer one request."""
    response = await _answered(request)
    patch_vary_headers(response, ["Accept"])
    # One person's answer, and no cache's business; a stream says something of its own.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


async def _answered(request: HttpRequest) -> HttpResponseBase:
    try:
        operation = await _prepared(request)
        answer = await threads.run(operation, partial(_answer, request, operation))
        if isinstance(answer, Subscribing):
            return await _stream(request, answer)
    except Refusal as refusal:
        return _refused(refusal, _form_of_errors(request))
    except RequestError as error:
        return _request_error(error, _form_of_errors(request))
    return answer


async def _prepared(request: HttpRequest) -> Operation:
    if _is_short(request):
        return await threads.prepared(request_of(request))
    return await threads.judges().run(lambda: requests.prepare(request_of(request)))


def _is_short(request: HttpRequest) -> bool:
    """Whether reading it takes no time to speak of; of a body that does not say, nobody knows."""
    length = request.headers.get("Content-Length", "0" if request.method == "GET" else "")
    return length.isdigit() and int(length) <= _SHORT


def _answer(request: HttpRequest, operation: Operation) -> HttpResponse | Subscribing:
    """Run the operation, in a worker thread."""
    media_type = _media_type(request, operation)
    context = HttpContext(request)
    try:
        _check_csrf(request, context)
        if operation.kind is OperationType.SUBSCRIPTION:
            return Subscribing(operation, context.identity, media_type)
        result = execution.run(operation, context)
    except django.db.Error as error:  # already when it was asked who is asking
        result = execution.failed(error)
    is_partial = result.errors and media_type == GRAPHQL_RESPONSE
    return _response(
        execution.formatted(result), media_type, PARTIAL_SUCCESS if is_partial else 200
    )


def _media_type(request: HttpRequest, operation: Operation) -> str:
    """The form of the answer, found before anything is done."""
    if operation.kind is OperationType.SUBSCRIPTION:
        return _check_acceptable(request, STREAMS, "A subscription")
    if operation.kind is OperationType.MUTATION and request.method == "GET":
        raise Refusal(405, "Mutations are sent by POST.", {"Allow": "POST"})
    return _check_acceptable(request, RESULTS, f"A {operation.kind.value}")


def _check_acceptable(request: HttpRequest, offers: tuple[str, ...], what: str) -> str:
    media_type = preferred(request.headers.get("Accept"), offers)
    if media_type is None:
        raise Refusal(406, f"{what} is answered as {', '.join(offers)}: accept one of these.")
    return media_type


async def _stream(request: HttpRequest, wanted: Subscribing) -> HttpResponseBase:
    context = StreamContext(wanted.identity, resume_after=request.headers.get("Last-Event-ID"))
    extensions = cast("ASGIRequest", request).scope.get("extensions", {})
    shutdown: set[Callable[[], None]] = extensions.get(SHUTDOWN, set())
    framing = FRAMINGS[wanted.media_type]()
    with ExitStack() as until_it_begins:
        seat = Seat()
        until_it_begins.callback(seat.leave)
        _take(seat, request, wanted.identity)
        subscription = await subscribing.begin(wanted.operation, context)
        until_it_begins.pop_all()
        return http_streams.response(subscription, framing, wanted.identity, shutdown, seat)


def _take(seat: Seat, request: HttpRequest, identity: Identity | None) -> None:
    if not seat.take_at(request.META.get("REMOTE_ADDR", "")):
        raise TooManyStreams("from this address.")
    if identity is not None and not seat.take_of(identity.user.pk):
        raise TooManyStreams("of this person.")


def _check_csrf(request: HttpRequest, context: HttpContext) -> None:
    """A browser sends cookies along for any page; only ours knows the token."""
    if "Authorization" in request.headers or context.identity is None:
        return
    if request.method == "GET":
        # It changes nothing, and no page can read what another origin answers. But a foreign one
        # could keep many an EventSource open in its visitors' names.
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not origin.is_allowed(headers):
            raise Refusal(403, "This page may not ask in its visitors' names.")
        return
    check = _CsrfCheck(lambda _: HttpResponse())
    check.process_request(request)
    reason = check.process_view(request, lambda _: HttpResponse(), (), {})
    if reason is not None:
        raise Refusal(403, f"{reason} Send the csrftoken cookie's value as X-CSRFToken.")


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:  # noqa: ARG002  # Django's signature
        return reason


def wants_a_page(request: HttpRequest) -> bool:
    """Whether a browser opens the address, and asks for nothing."""
    if request.method != "GET" or request.GET:
        return False
    return preferred(request.headers.get("Accept"), (*RESULTS, HTML)) == HTML


def _form_of_errors(request: HttpRequest) -> str:
    """What an error is told in: even who accepts nothing of it is told."""
    return preferred(request.headers.get("Accept"), RESULTS) or JSON


def _refused(refusal: Refusal, media_type: str) -> HttpResponse:
    # A stream that could not even be asked for is none: its client sees the status.
    told_as = JSON if media_type == EVENT_STREAM else media_type
    errors = [GraphQLError(str(refusal)).formatted]
    response = _response({"errors": errors}, told_as, refusal.status)
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def _request_error(error: RequestError, media_type: str) -> HttpResponse:
    extensions = error.errors[0]["extensions"]
    status = _STATUS.get(extensions["code"], 400)
    if status == 400 and media_type != GRAPHQL_RESPONSE:
        status = 200
    told_as = JSON if media_type == EVENT_STREAM and status != 200 else media_type
    response = _response({"errors": error.errors}, told_as, status)
    if status in (429, 503):
        response["Retry-After"] = str(extensions.get("retryAfter", _patience()))
    return response


def _patience() -> int:
    """Seconds until it may be worth trying again; not the same for all who were refused."""
    return random.randint(2, 8)  # noqa: S311  # not a secret


def _response(content: Mapping[str, Any], media_type: str, status: int) -> HttpResponse:
    body = msgspec.json.encode(content)
    if media_type == EVENT_STREAM:
        framing = EventStream()
        body = framing.next(body, None) + framing.complete
    return HttpResponse(body, status=status, content_type=f"{media_type}; charset=utf-8")
