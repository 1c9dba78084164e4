"""
Running operations: from a request's text to a response's data, on any transport.

Queries and mutations run in a worker thread (:func:`run`), subscriptions on the
event loop (:func:`subscribe`). What is wrong with a request as such is a
:class:`RequestError`; what goes wrong while it runs is part of the response.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import django.db
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLFormattedError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    parse,
    validate,
)
from graphql import subscribe as execute_subscription
from graphql.execution.values import get_variable_values

from schema.api import schema
from schema.conf import limits
from schema.context import Context
from schema.errors import EXPECTED, ErrorData, InvalidInput, error_of

logger = logging.getLogger(__name__)

_core = schema._schema  # noqa: SLF001  # Strawberry has no public name for it

_CACHED_DOCUMENTS = 500
_LONGEST_CACHED = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks to run (GraphQL over HTTP, 4.1 Request Parameters)."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A request that is valid and names one operation."""

    request: Request
    document: DocumentNode
    definition: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        return self.definition.operation


class RequestError(Exception):
    """The request cannot be run; no part of it was."""

    def __init__(self, errors: Sequence[GraphQLError], code: str) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors: list[GraphQLFormattedError] = [_with_code(error, code) for error in errors]


def prepare(request: Request) -> Operation:
    """
    Parse and validate a request and find its operation.

    Raises:
        RequestError: If there is something wrong with it.

    """
    document = _document(request.query)
    definition = _definition(document, request.operation_name)
    _check_changes(document, definition)
    variables = definition.variable_definitions or ()
    coerced = get_variable_values(_core, variables, dict(request.variables))
    if isinstance(coerced, list):
        raise RequestError(coerced, "BAD_USER_INPUT")
    declared = {each.variable.name.value for each in variables}
    used = {name: value for name, value in request.variables.items() if name in declared}
    return Operation(replace(request, variables=used), document, definition)


def run(operation: Operation, context: Context) -> ExecutionResult:
    """Run a query or a mutation, in a worker thread."""
    try:
        _ = context.identity
        if operation.kind is OperationType.QUERY:
            context.reads.begin()
        result = execute(**_arguments(operation, context))
    except django.db.Error as error:
        return failed(error)
    finally:
        context.reads.end()
    assert isinstance(result, ExecutionResult)  # noqa: S101  # no resolver is a coroutine
    return result


def failed(error: django.db.Error) -> ExecutionResult:
    """The result of an operation that the database ended before it began."""
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])


async def subscribe(operation: Operation, context: Context) -> AsyncIterator[ExecutionResult]:
    """
    Begin a subscription, on the event loop; its caller ends it with ``aclose``.

    Raises:
        RequestError: If it is refused; there is no stream then.

    """
    begun = execute_subscription(**_arguments(operation, context))
    stream = begun if isinstance(begun, ExecutionResult | AsyncIterator) else await begun
    if isinstance(stream, ExecutionResult):
        refusal = RequestError([], "")
        refusal.errors = formatted_errors(stream.errors or [])
        raise refusal
    return stream


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """The response as JSON values, with what was not expected masked and logged."""
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = formatted_errors(result.errors)
    return response


def formatted_errors(errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
    return [_formatted_error(error) for error in errors]


def _arguments(operation: Operation, context: Context) -> dict[str, Any]:
    return {
        "schema": _core,
        "document": operation.document,
        "context_value": context,
        "variable_values": dict(operation.request.variables),
        "operation_name": operation.request.operation_name,
    }


def _document(query: str) -> DocumentNode:
    if len(query) <= _LONGEST_CACHED:
        return _cached_document(query)
    return _parsed(query)


def _parsed(query: str) -> DocumentNode:
    try:
        document = parse(
            query, max_tokens=limits().operation_tokens, allow_empty_selection_sets=False
        )
        errors = validate(_core, document)
    except GraphQLError as error:
        raise RequestError([error], "GRAPHQL_PARSE_FAILED") from error
    except RecursionError as overflow:
        problem = GraphQLError("The document is nested too deeply.")
        raise RequestError([problem], "GRAPHQL_PARSE_FAILED") from overflow
    if errors:
        raise RequestError(errors, "GRAPHQL_VALIDATION_FAILED")
    return document


_cached_document = lru_cache(_CACHED_DOCUMENTS)(_parsed)


def _definition(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [
        each for each in document.definitions if isinstance(each, OperationDefinitionNode)
    ]
    named = [each for each in operations if name is None or (each.name and each.name.value == name)]
    if len(named) == 1:
        return named[0]
    problem = (
        f"There is no operation named {name!r}." if name else "Say which operation is to be run."
    )
    raise RequestError([GraphQLError(problem)], "OPERATION_RESOLUTION_FAILURE")


def _check_changes(document: DocumentNode, definition: OperationDefinitionNode) -> None:
    """Refuse a mutation of many changes: each costs what a request costs, or a password hash."""
    if definition.operation is not OperationType.MUTATION:
        return
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    if _fields(definition.selection_set, fragments, {}) > limits().operation_changes:
        problem = f"At most {limits().operation_changes} changes may be asked for at once."
        raise RequestError([GraphQLError(problem)], "GRAPHQL_VALIDATION_FAILED")


def _fields(
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    counted: dict[str, int],
) -> int:
    """Count the fields of a selection, looking into each fragment once."""
    total = 0
    for each in selections.selections:
        if isinstance(each, FragmentSpreadNode):
            name = each.name.value
            if name not in counted:
                counted[name] = _fields(fragments[name].selection_set, fragments, counted)
            total += counted[name]
        elif isinstance(each, InlineFragmentNode):
            total += _fields(each.selection_set, fragments, counted)
        else:
            total += 1
    return total


def _formatted_error(error: GraphQLError) -> GraphQLFormattedError:
    cause = error.original_error
    if cause is None:
        return _with_code(error, "BAD_USER_INPUT")
    if isinstance(cause, EXPECTED):
        return _expected(error, error_of(cause))
    if isinstance(cause, django.db.OperationalError | django.db.InterfaceError):
        logger.warning("The database does not answer: %s", cause)
        return _masked(error, "The database does not answer. Try again.", "UNAVAILABLE")
    logger.error("A resolver failed at %s.", error.path, exc_info=cause)
    return _masked(error, "Something went wrong here.", "INTERNAL_SERVER_ERROR")


def _expected(error: GraphQLError, told: ErrorData) -> GraphQLFormattedError:
    formatted = _with_code(error, told.code.value)
    if isinstance(told, InvalidInput):
        formatted["extensions"]["field"] = told.field
    return formatted


def _with_code(error: GraphQLError, code: str) -> GraphQLFormattedError:
    formatted = error.formatted
    formatted["extensions"] = {"code": code, **(error.extensions or {})}
    return formatted


def _masked(error: GraphQLError, message: str, code: str) -> GraphQLFormattedError:
    return _with_code(GraphQLError(message, error.nodes, path=error.path), code)
