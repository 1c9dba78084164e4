"""
Requests: from a text to an operation that can be run.

What is wrong with a request as such is a :class:`RequestError`. Judging a long
document takes its time, so :func:`prepare` is for worker threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLFormattedError,
    MaxIntrospectionDepthRule,
    NoFragmentCyclesRule,
    NoSchemaIntrospectionCustomRule,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    OperationType,
    UniqueFragmentNamesRule,
    VariableDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values

from schema import cost, shape, trusted_documents
from schema.api import core
from schema.conf import limits
from schema.recent import Recent
from schema.shape import TooMuch
from schema.trusted_documents import DocumentRefused

_LONGEST_KNOWN = 10_000
_MOST_VARIABLES = 2_000
"""Bytes of JSON that are coerced on the event loop."""
_MOST_ERRORS = 20
"""The errors of one request that are told."""
_NEEDED_FOR_SHAPE = (UniqueFragmentNamesRule, NoFragmentCyclesRule, NoUnusedFragmentsRule)
"""What makes unfolding the fragments of a document come to an end."""

_known: Recent[str, DocumentNode] = Recent(500)


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks to run (GraphQL over HTTP, 4.1 Request Parameters)."""

    query: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    document_id: str | None = None
    """Names a trusted document; it stands for an empty ``query``."""


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
        self.errors: list[GraphQLFormattedError] = [with_code(error, code) for error in errors]


def prepare(request: Request) -> Operation:
    """
    Parse and validate a request and find its operation.

    Raises:
        RequestError: If there is something wrong with it.

    """
    request = with_text(request)
    document = _document(request.query)
    definition = _definition(document, request.operation_name)
    variables = definition.variable_definitions or ()
    _check_cost(document, definition, _coerced(variables, request.variables))
    declared = {each.variable.name.value for each in variables}
    used = {name: value for name, value in request.variables.items() if name in declared}
    return Operation(replace(request, variables=used), document, definition)


def recall(request: Request) -> Operation | None:
    """
    Do what :func:`prepare` does, if the document is known and the variables are short.

    Raises as that does. It takes no time to speak of, so it may be called on the event loop.
    """
    request = with_text(request)
    if _known.known(request.query) is None:
        return None
    is_short = len(msgspec.json.encode(request.variables)) <= _MOST_VARIABLES
    return prepare(request) if is_short else None


def with_text(request: Request) -> Request:
    """
    Return the request with the text of its document, which it may only name.

    Raises:
        RequestError: If there is no such document, or it may not be run.

    """
    try:
        text = trusted_documents.text_of(request.query, request.document_id)
    except DocumentRefused as error:
        raise RequestError([GraphQLError(str(error))], error.code) from error
    return replace(request, query=text, document_id=None)


def _document(query: str) -> DocumentNode:
    if len(query) > _LONGEST_KNOWN:
        return _parsed(query)
    return _known.get(query, lambda: _parsed(query))


def _parsed(query: str) -> DocumentNode:
    try:
        document = parse(
            query, max_tokens=limits().operation_tokens, allow_empty_selection_sets=False
        )
        errors = _errors_in(document)
    except TooMuch as error:
        raise _too_complex(error) from error
    except GraphQLError as error:
        raise RequestError([error], "GRAPHQL_PARSE_FAILED") from error
    except RecursionError as overflow:
        problem = GraphQLError("The document is nested too deeply.")
        raise RequestError([problem], "GRAPHQL_PARSE_FAILED") from overflow
    if errors:
        raise RequestError(errors, "GRAPHQL_VALIDATION_FAILED")
    return document


def _errors_in(document: DocumentNode) -> list[GraphQLError]:
    """What is not valid, looked for in time that does not explode with the document."""
    if errors := _validated(document, _NEEDED_FOR_SHAPE):
        return errors
    shape.check(document)
    if not limits().introspection:
        return _validated(document, (*specified_rules, NoSchemaIntrospectionCustomRule))
    return _validated(document, (*specified_rules, MaxIntrospectionDepthRule))


def _validated(
    document: DocumentNode, rules: Sequence[type[ASTValidationRule]]
) -> list[GraphQLError]:
    return validate(
        core,
        document,
        rules,
        max_errors=_MOST_ERRORS,
        hide_suggestions=not limits().introspection,
    )


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


def _coerced(
    definitions: Sequence[VariableDefinitionNode], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    coerced = get_variable_values(
        core,
        definitions,
        dict(values),
        max_errors=_MOST_ERRORS,
        hide_suggestions=not limits().introspection,
    )
    if isinstance(coerced, list):
        raise RequestError(coerced, "BAD_USER_INPUT")
    return coerced.coerced


def _check_cost(
    document: DocumentNode, definition: OperationDefinitionNode, variables: Mapping[str, Any]
) -> None:
    most = limits().operation_cost
    if cost.of(definition, shape.fragments_of(document), variables) > most:
        raise _too_complex(TooMuch("The cost of what is asked for", most, "operation_cost"))


def _too_complex(error: TooMuch) -> RequestError:
    return RequestError([GraphQLError(str(error))], "OPERATION_TOO_COMPLEX")


def with_code(error: GraphQLError, code: str) -> GraphQLFormattedError:
    formatted = error.formatted
    formatted["extensions"] = {"code": code, **(error.extensions or {})}
    return formatted
