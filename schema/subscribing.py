"""Subscriptions: from an operation to a follower, and from what it delivers to responses."""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from graphql import ExecutionResult, create_source_event_stream, execute_subscription_event
from graphql.execution import Executor

from realtime.delivery import Delivery
from realtime.follower import Follower, Item
from schema.api import core
from schema.context import Context
from schema.events import event_of
from schema.execution import formatted, formatted_errors
from schema.recent import Recent
from schema.requests import Operation, RequestError
from schema.sharing import Form, form_of
from schema.transports import NobodyContext

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A stream that has begun, and how its items are told. Its owner closes the follower."""

    follower: Follower
    rendering: Rendering


class Rendering:
    """
    Makes responses of what a follower delivers.

    Where it is ``shared``, one execution and one encoding serve all whose delivery is the same.
    """

    __slots__ = ("_executor", "_shared")

    def __init__(self, executor: Executor[Any], *, shared: bool) -> None:
        self._executor = executor
        self._shared = shared

    def response(self, item: Item) -> bytes:
        """
        Return the response to an item, as JSON.

        Raises:
            UnknownEvent: If a newer process wrote the event.

        """
        if self._shared and isinstance(item, Delivery):
            return item.rendered(self, self._render)
        return self._render(item)

    def _render(self, item: Item) -> bytes:
        executor = self._executor.build_per_event_executor(event_of(item))
        # No field of an event is a coroutine.
        result = cast("ExecutionResult", execute_subscription_event(executor))
        return _encoder.encode(formatted(result))


async def begin(operation: Operation, context: Context) -> Subscription:
    """
    Begin a subscription, on the event loop.

    Raises:
        RequestError: If it is refused; there is no stream then.

    """
    executor = _executor(operation, context)
    begun = create_source_event_stream(executor)
    source = begun if isinstance(begun, ExecutionResult | AsyncIterable) else await begun
    if isinstance(source, ExecutionResult):
        refusal = RequestError([], "")
        refusal.errors = formatted_errors(source.errors or [])
        raise refusal
    return Subscription(cast("Follower", source), _rendering(operation, executor))


def _rendering(operation: Operation, executor: Executor[Any]) -> Rendering:
    form = form_of(operation)
    if form is None:
        return Rendering(executor, shared=False)
    return _shared.get(form, lambda: _shared_rendering(form))


def _shared_rendering(form: Form) -> Rendering:
    # Nobody asks: a field that wanted to know who would fail, and not tell.
    return Rendering(_executor(form.operation, NobodyContext()), shared=True)


def _executor(operation: Operation, context: Context) -> Executor[Any]:
    executor = Executor.build(
        core,
        operation.document,
        context_value=context,
        raw_variable_values=dict(operation.request.variables),
        operation_name=operation.request.operation_name,
    )
    assert isinstance(executor, Executor)  # noqa: S101  # the operation was prepared
    return executor


_shared: Recent[Form, Rendering] = Recent(500)
