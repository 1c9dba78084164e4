"""
What an operation may cost at most, estimated before it runs.

The unit is what telling one value takes, some 10 µs. An item of a list costs 10; a
field with a resolver may ask the database, and costs 200. What is in a list costs
as often as the page around it has room for: ``first`` or ``last``, as a literal or
a variable, and the default where neither is given.
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
ITEM = 10
LOOKUP = 200
OF_A_TYPE = 1
"""How many fields, arguments and so on a type of the schema has: many have none."""

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
            return Cost(_own(field))
        inner = self.of(node.selection_set, get_named_type(field.type))
        within = inner.once + inner.each * self._size(node, field)
        if is_list_type(get_nullable_type(field.type)):
            return Cost(_own(field), ITEM + within)
        return Cost(_own(field) + within)

    def _size(self, node: FieldNode, field: GraphQLField) -> int:
        if is_introspection_type(get_named_type(field.type)):
            return len(core.type_map) if node.name.value == "__schema" else OF_A_TYPE
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


def _own(field: GraphQLField | None) -> int:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF) if field else None
    return VALUE if definition is None or definition.is_basic_field else LOOKUP
