"""Subscriptions: from an operation to a follower, and from what it delivers to responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast
from weakref import WeakValueDictionary

import msgspec
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    execute_subscription_event,
    located_error,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from realtime.delivery import Renderable
from realtime.follower import Follower, Item
from schema.api import core, schema
from schema.context import Context
from schema.events import event_of
from schema.execution import formatted, formatted_errors
from schema.recent import Recent
from schema.requests import Operation, Request, RequestError, with_text
from schema.sharing import Form, form_of, recalled_form
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

    Where it is ``shared``, one execution and one encoding serve all who are told the same.
    """

    __slots__ = ("__weakref__", "_executor", "_form", "_shared")

    def __init__(self, executor: Executor[Any], *, shared: bool) -> None:
        self._executor = executor
        self._form = object()
        """Goes with the texts and may outlive all followers, which this must not."""
        self._shared = shared

    def response(self, item: Item) -> bytes:
        """
        Return the response to an item, as JSON.

        Raises:
            UnknownEvent: If a newer process wrote the event.

        """
        if self._shared and isinstance(item, Renderable):
            return item.rendered(self._form, self._render)
        return self._render(item)

    def _render(self, item: Item) -> bytes:
        executor = self._executor.build_per_event_executor(event_of(item))
        # No field of an event is a coroutine.
        result = cast("ExecutionResult", execute_subscription_event(executor))
        return _encoder.encode(formatted(result))


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where the events of an operation come from (GraphQL, 6.2.3.1 Source Stream).

    All who ask in one form share it, and with it the rendering of what comes. The ``arguments``
    are as the field's resolver takes them, so that they are converted once for all.
    """

    field: StrawberryField
    info: GraphQLResolveInfo[Any]
    arguments: Mapping[str, Any]
    rendering: Rendering

    async def begin(self, context: Context, beginning: Mapping[str, Any]) -> Subscription:
        """
        Begin for one subscriber; ``beginning`` has ``after`` where that is a variable.

        Raises:
            RequestError: If it is refused; there is no stream then.

        """
        info = strawberry.Info(self.info._replace(context=context), self.field)
        follow: Any = self.field.base_resolver
        try:
            follower = await follow(None, info, **{**self.arguments, **beginning})
        except Exception as error:
            refusal = RequestError([], "")
            located = located_error(error, self.info.field_nodes, self.info.path.as_list())
            refusal.errors = formatted_errors([located])
            raise refusal from error
        return Subscription(follower, self.rendering)


async def begin(operation: Operation, context: Context) -> Subscription:
    """
    Begin a subscription, on the event loop.

    Raises:
        RequestError: If it is refused; there is no stream then.

    """
    form = form_of(operation)
    if form is None:
        return await _source(operation, context, shared=False).begin(context, {})
    source = _sources.get(form, lambda: _shared_source(operation, form))
    # As the scalar Cursor is read.
    beginning = {
        name: None if value is None else str(value) for name, value in form.beginning.items()
    }
    return await source.begin(context, beginning)


async def begin_again(request: Request, context: Context) -> Subscription | None:
    """Begin what others have begun in the same form; none if it is new. Raises as that does."""
    form = recalled_form(with_text(request))
    source = _sources.known(form) if form is not None else None
    if form is None or source is None:
        return None
    return await source.begin(context, form.beginning)


def _shared_source(operation: Operation, form: Form) -> Source:
    # Nobody asks: a field that wanted to know who would fail, and not tell.
    source = _source(operation, NobodyContext(), shared=True)
    return replace(source, rendering=_in_use.setdefault(form, source.rendering))


def _source(operation: Operation, context: Context, *, shared: bool) -> Source:
    executor = _executor(operation, context)
    root = core.subscription_type
    assert root is not None  # noqa: S101  # there are subscriptions
    variables = executor.variable_values
    fields = collect_fields(
        core, executor.fragments, variables, root, executor.operation, hide_suggestions=False
    ).grouped_field_set
    if not fields:
        raise RequestError([GraphQLError("Nothing is asked for.")], "BAD_USER_INPUT")
    name, details = next(iter(fields.items()))
    nodes = [each.node for each in details]
    field = root.fields[nodes[0].name.value]
    definition: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    arguments = convert_arguments(
        get_argument_values(field, nodes[0], variables),
        definition.arguments,
        schema.schema_converter.scalar_registry,
        schema.config,
    )
    info = executor.build_resolve_info(field, nodes, root, Path(None, name, root.name))
    return Source(definition, info, arguments, Rendering(executor, shared=shared))


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


_sources: Recent[Form, Source] = Recent(500)

_in_use: WeakValueDictionary[Form, Rendering] = WeakValueDictionary()
"""So that all who follow share, however many other rooms were begun between them."""
