"""
Running operations: from an operation to a response's data, on any transport.

Queries and mutations run in a worker thread (:func:`run`); for subscriptions see
:mod:`schema.subscribing`. What goes wrong meanwhile is part of the response.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import django.db
from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError, OperationType, execute

from schema import shape, threads
from schema.api import core
from schema.context import Context
from schema.errors import EXPECTED, ErrorData, InvalidInput, RateLimited, error_of
from schema.requests import Operation, with_code

_HASHING = {"signIn", "signUp"}

logger = logging.getLogger(__name__)


def run(operation: Operation, context: Context) -> ExecutionResult:
    """
    Run a query or a mutation, in a worker thread.

    Raises:
        Hashes: If it is to be run among the hashers; nothing was done then.

    """
    if _hashes(operation):
        threads.about_to_hash()
    try:
        _ = context.identity
        if operation.kind is OperationType.QUERY:
            context.reads.begin()
        result = execute(
            core,
            operation.document,
            context_value=context,
            variable_values=dict(operation.request.variables),
            operation_name=operation.request.operation_name,
        )
    except django.db.Error as error:
        return failed(error)
    finally:
        context.reads.end()
    assert isinstance(result, ExecutionResult)  # noqa: S101  # no resolver is a coroutine
    return result


def _hashes(operation: Operation) -> bool:
    if operation.kind is not OperationType.MUTATION:
        return False
    fragments = shape.fragments_of(operation.document)
    return not _HASHING.isdisjoint(shape.root_names(operation.definition.selection_set, fragments))


def failed(error: django.db.Error) -> ExecutionResult:
    """The result of an operation that the database ended before it began."""
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])


def formatted(result: ExecutionResult) -> dict[str, Any]:
    """The response as JSON values, with what was not expected masked and logged."""
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = formatted_errors(result.errors)
    return response


def formatted_errors(errors: Sequence[GraphQLError]) -> list[GraphQLFormattedError]:
    return [_formatted_error(error) for error in errors]


def _formatted_error(error: GraphQLError) -> GraphQLFormattedError:
    cause = error.original_error
    if cause is None:
        return with_code(error, "BAD_USER_INPUT")
    if isinstance(cause, EXPECTED):
        return _expected(error, error_of(cause))
    if isinstance(cause, django.db.OperationalError | django.db.InterfaceError):
        logger.warning("The database does not answer: %s", cause)
        return _masked(error, "The database does not answer. Try again.", "UNAVAILABLE")
    logger.error("A resolver failed at %s.", error.path, exc_info=cause)
    return _masked(error, "Something went wrong here.", "INTERNAL_SERVER_ERROR")


def _expected(error: GraphQLError, told: ErrorData) -> GraphQLFormattedError:
    formatted = with_code(error, told.code.value)
    if isinstance(told, InvalidInput):
        formatted["extensions"]["field"] = told.field
    if isinstance(told, RateLimited):
        formatted["extensions"]["retryAfter"] = told.retry_after
    return formatted


def _masked(error: GraphQLError, message: str, code: str) -> GraphQLFormattedError:
    return with_code(GraphQLError(message, error.nodes, path=error.path), code)
