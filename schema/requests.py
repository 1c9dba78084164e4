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
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLFormattedError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from schema import trusted_documents
from schema.api import core
from schema.conf import limits
from schema.recent import Recent
from schema.trusted_documents import DocumentRefused

_LONGEST_KNOWN = 10_000
_MOST_VARIABLES = 2_000
"""Bytes of JSON that are coerced on the event loop."""

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
    request = _with_text(request)
    document = _document(request.query)
    definition = _definition(document, request.operation_name)
    _check_changes(document, definition)
    variables = definition.variable_definitions or ()
    coerced = get_variable_values(core, variables, dict(request.variables))
    if isinstance(coerced, list):
        raise RequestError(coerced, "BAD_USER_INPUT")
    declared = {each.variable.name.value for each in variables}
    used = {name: value for name, value in request.variables.items() if name in declared}
    return Operation(replace(request, variables=used), document, definition)


def recall(request: Request) -> Operation | None:
    """
    Do what :func:`prepare` does, if the document is known and the variables are short.

    Raises as that does. It takes no time to speak of, so it may be called on the event loop.
    """
    request = _with_text(request)
    variables = msgspec.json.encode(request.variables)
    if _known.known(request.query) is None or len(variables) > _MOST_VARIABLES:
        return None
    return prepare(request)


def _with_text(request: Request) -> Request:
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
        errors = validate(core, document)
    except GraphQLError as error:
        raise RequestError([error], "GRAPHQL_PARSE_FAILED") from error
    except RecursionError as overflow:
        problem = GraphQLError("The document is nested too deeply.")
        raise RequestError([problem], "GRAPHQL_PARSE_FAILED") from overflow
    if errors:
        raise RequestError(errors, "GRAPHQL_VALIDATION_FAILED")
    return document


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


def with_code(error: GraphQLError, code: str) -> GraphQLFormattedError:
    formatted = error.formatted
    formatted["extensions"] = {"code": code, **(error.extensions or {})}
    return formatted
