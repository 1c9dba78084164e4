"""
Which subscriptions may share what is rendered for them.

An operation is shareable only if every field that it selects is known to depend
on the event alone. What is not known is not shared: a type takes part by being
named here, a field by being a plain value of such a type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    NonNullTypeNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.language import Node
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema import events, types
from schema.api import core
from schema.recent import Recent
from schema.requests import Operation, Request

_LONGEST = 10_000
"""A document and variables that are longer are not remembered, and so not shared."""

_OF_EVENTS: tuple[type, ...] = (
    events.Event,
    events.MessageSent,
    events.MemberJoined,
    events.MemberLeft,
    events.RoomRenamed,
    events.RoomDeleted,
    events.JoinRequestCreated,
    events.JoinRequestAdmitted,
    events.JoinRequestDenied,
    events.JoinRequestWithdrawn,
    events.JoinCodeRotated,
    events.RoomJoined,
    events.RoomLeft,
    events.CaughtUp,
    events.AccessRevoked,
    events.CursorExpired,
    types.User,
    types.RoomPreview,
    types.Message,
    types.JoinRequest,
)


@dataclass(frozen=True, slots=True)
class Form:
    """What operations have in common that may share: all but where they begin."""

    query: str
    operation_name: str | None
    variables: bytes
    beginning: Mapping[str, Any] = field(compare=False)
    """``after``, where a variable says it."""


def form_of(operation: Operation) -> Form | None:
    """Return the form of a subscription that may share; none if it may not."""
    request = operation.request
    if len(request.query) > _LONGEST:
        return None
    known = (request.query, request.operation_name)
    selection = _selections.get(known, lambda: selection_of(operation, core))
    return _form(request, selection.after) if selection.is_shareable else None


def recalled_form(request: Request) -> Form | None:
    """Return the form of a request, if it is one that has been looked at and may share."""
    selection = _selections.known((request.query, request.operation_name))
    if selection is None or not selection.is_shareable or not selection.takes(request.variables):
        return None
    return _form(request, selection.after)


def _form(request: Request, after: str | None) -> Form | None:
    shared = {name: value for name, value in request.variables.items() if name != after}
    key = msgspec.json.encode(shared, order="deterministic")
    beginning = {} if after is None else {"after": request.variables.get(after)}
    if len(key) + len(str(beginning)) > _LONGEST:
        return None
    return Form(request.query, request.operation_name, key, beginning)


def selection_of(operation: Operation, schema: GraphQLSchema) -> Selection:
    """Look at every field that a subscription can reach, through whatever fragments."""
    fragments = {
        each.name.value: each
        for each in operation.document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    selection = Selection(TypeInfo(schema))
    reached: set[str] = set()
    selection.look_at(operation.definition)
    while left := selection.spreads - reached:
        name = left.pop()
        reached.add(name)
        selection.look_at(fragments[name])
    return selection


class Selection(Visitor):
    """What a subscription selects, found out by walking through it."""

    def __init__(self, type_info: TypeInfo) -> None:
        super().__init__()
        self.is_shareable = True
        self.spreads: set[str] = set()
        self._type_info = type_info
        self._begin: set[str] = set()
        self._used: list[str] = []
        self._required: set[str] = set()

    @property
    def after(self) -> str | None:
        """The variable that says where the stream begins and nothing else, if there is one."""
        names = [name for name in self._begin if self._used.count(name) == 1]
        return names[0] if len(names) == 1 else None

    def takes(self, variables: Mapping[str, Any]) -> bool:
        """Whether ``after`` is what it should be in ``variables``; otherwise, let it be judged."""
        if self.after is None:
            return True
        beginning = variables.get(self.after)
        return isinstance(beginning, str) or (
            beginning is None and self.after not in self._required
        )

    def look_at(self, node: Node) -> None:
        visit(node, TypeInfoVisitor(self._type_info, self))

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._type_info.get_parent_type()
        found = (parent.name if parent else "", node.name.value)
        self.is_shareable = self.is_shareable and (
            node.name.value == "__typename" or found in fields_of_events()
        )

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        if node.name.value == "after" and isinstance(node.value, VariableNode):
            self._begin.add(node.value.name.value)

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, *_: Any) -> None:
        if not isinstance(parent, VariableDefinitionNode):
            self._used.append(node.name.value)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        if isinstance(node.type, NonNullTypeNode):
            self._required.add(node.variable.name.value)
        if node.default_value is not None:
            # Where it is left out it still says something.
            self._used.append(node.variable.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.spreads.add(node.name.value)


@cache
def fields_of_events() -> frozenset[tuple[str, str]]:
    """The fields, each with its type, that depend on the event alone."""
    root = core.subscription_type
    assert root is not None  # noqa: S101  # there are subscriptions
    streams = {(root.name, name) for name in root.fields}
    values = {
        (kind, name)
        for kind in (each.__strawberry_definition__.name for each in _OF_EVENTS)  # type: ignore[attr-defined]  # Strawberry's mark
        for name, field in core.type_map[kind].fields.items()  # type: ignore[attr-defined]  # objects and interfaces
        if field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].is_basic_field
    }
    return frozenset(streams | values)


_selections: Recent[tuple[str, str | None], Selection] = Recent(500)
