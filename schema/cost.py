"""
What an operation may cost at most, estimated before it runs.

The unit is what telling one value takes, some 5 µs. What else there is to do costs as
much as it was measured to take at most: asking the database, reading a row, telling
of an item of a list. A page costs as many rows as it has room for, whether or not
they are told: ``first`` or ``last``, as a literal or a variable, and the default
where neither is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_introspection_type,
    is_list_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.api import core
from schema.connections import DEFAULT_SIZE, LARGEST_SIZE
from schema.shape import Fragments

VALUE = 1
ITEM = 2
ROW = 8
LOOKUP = 100
"""For a field with a resolver, unless it is one of these."""
OTHERWISE = {
    "nodes": VALUE,
    "joinCode": VALUE,
    "eventCursor": 20,
    "joinRequests": 300,
    "signIn": 25_000,
    "signUp": 25_000,
}
"""The last two hash a password."""
CHANGE = 1_000
SEARCH = 5_000
"""Looking through the titles of some 100,000 rooms."""
_SIZES = {"types": len(core.type_map) // 2, "fields": 2, "possibleTypes": 2}
"""Of an introspection, on average: half of the types have next to nothing to tell."""
_META = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class Cost:
    """What is paid once, and for each item of the page around."""

    once: int = 0
    each: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.once + other.once, self.each + other.each)


def of(
    definition: OperationDefinitionNode, fragments: Fragments, variables: Mapping[str, Any]
) -> int:
    """
    Return the cost of a valid operation with these coerced variables.

    Takes time linear in the document's size, whatever its fragments unfold to.
    """
    root = core.get_root_type(definition.operation)
    assert root is not None  # noqa: S101  # the operation is valid
    cost = _Estimate(fragments, variables).of(definition.selection_set, root)
    return cost.once + cost.each * DEFAULT_SIZE


class _Estimate:
    """Looks into each fragment once, however often it is spread."""

    def __init__(self, fragments: Fragments, variables: Mapping[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, Cost] = {}

    def of(self, selections: SelectionSetNode, parent: GraphQLNamedType) -> Cost:
        return sum((self._of_one(each, parent) for each in selections.selections), Cost())

    def _of_one(self, selection: SelectionNode, parent: GraphQLNamedType) -> Cost:
        if isinstance(selection, FragmentSpreadNode):
            return self._of_fragment(selection.name.value)
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            kind = core.type_map[condition.name.value] if condition else parent
            return self.of(selection.selection_set, kind)
        assert isinstance(selection, FieldNode)  # noqa: S101  # there is nothing else
        return self._of_field(selection, parent)

    def _of_fragment(self, name: str) -> Cost:
        if name not in self._known:
            fragment = self._fragments[name]
            kind = core.type_map[fragment.type_condition.name.value]
            self._known[name] = self.of(fragment.selection_set, kind)
        return self._known[name]

    def _of_field(self, node: FieldNode, parent: GraphQLNamedType) -> Cost:
        field = _field(node.name.value, parent)
        if field is None or node.selection_set is None:
            return Cost(_own(node, field, parent))
        inner = self.of(node.selection_set, get_named_type(field.type))
        size, reads = self._size(node, field), _reads_rows(node, field)
        own = _own(node, field, parent) + (size * ROW if reads else 0)
        within = inner.once + inner.each * size
        if not is_list_type(get_nullable_type(field.type)):
            return Cost(own + within)
        if reads or is_introspection_type(get_named_type(field.type)):
            return Cost(own + size * (ITEM + within))
        return Cost(own, ITEM + within)

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        if is_introspection_type(get_named_type(field.type)):
            return _SIZES.get(node.name.value, 1)
        if "first" not in field.args:
            return LARGEST_SIZE
        asked = [
            self._number(each.value)
            for each in node.arguments or ()
            if each.name.value in ("first", "last")
        ]
        return min(max(asked, default=DEFAULT_SIZE), LARGEST_SIZE)

    def _number(self, node: object) -> int:
        value = int(node.value) if isinstance(node, IntValueNode) else None
        if isinstance(node, VariableNode):
            value = self._variables.get(node.name.value)
        return DEFAULT_SIZE if value is None else max(value, 0)


def _field(name: str, parent: GraphQLNamedType) -> GraphQLField | None:
    """The field of that name, None for ``__typename``."""
    return _META.get(name) or getattr(parent, "fields", {}).get(name)


def _own(node: FieldNode, field: GraphQLField | None, parent: GraphQLNamedType) -> int:
    if field is None or not _has_resolver(field):
        return VALUE
    if any(each.name.value == "search" for each in node.arguments or ()):
        return SEARCH
    usual = CHANGE if parent is core.mutation_type else LOOKUP
    return OTHERWISE.get(node.name.value, usual)


def _reads_rows(node: FieldNode, field: GraphQLField) -> bool:
    """Whether a field reads a page: one that has a size, or a list that is looked up."""
    if "first" in field.args:
        return True
    is_list = is_list_type(get_nullable_type(field.type))
    return is_list and _has_resolver(field) and node.name.value not in OTHERWISE


def _has_resolver(field: GraphQLField) -> bool:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition is not None and not definition.is_basic_field
