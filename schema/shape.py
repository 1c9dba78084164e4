"""
The shape of a document: how deep, wide and repetitive it is with its fragments unfolded.

It is measured before validation, in time linear in what is allowed: validation
compares all fields that stand in one place with each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from schema.conf import limits

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]


class TooMuch(Exception):
    """A document asks for more than a limit of ``settings.GRAPHQL`` allows."""

    def __init__(self, what: str, most: int, name: str) -> None:
        super().__init__(f"{what}: at most {most:,} may be asked for (GRAPHQL[{name!r}]).")


@dataclass(frozen=True, slots=True)
class Shape:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    root_fields: int = 0

    def beside(self, other: Shape) -> Shape:
        return Shape(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.root_fields + other.root_fields,
        )


@dataclass(slots=True)
class _Place:
    """A position in the response, and how often it is selected."""

    times: int = 0
    inside: defaultdict[str, _Place] = field(default_factory=lambda: defaultdict(_Place))


def fragments_of(document: DocumentNode) -> Fragments:
    return {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }


def check(document: DocumentNode) -> None:
    """
    Let a document pass whose shape is within the limits.

    Its fragments are known to have unique names, to be used, and not to contain themselves.

    Raises:
        TooMuch: If it is not; nothing was unfolded then.

    """
    fragments = fragments_of(document)
    measure = _Measure(fragments)
    whole = Shape()
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            shape = measure.of(each.selection_set)
            _check_roots(each.operation, shape.root_fields)
            whole = whole.beside(shape)
    _check_shape(whole)
    # Only now: it goes through what the fragments unfold to.
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            _check_repeats(each.selection_set, _Place(), fragments)


def root_names(selections: SelectionSetNode, fragments: Fragments) -> Iterator[str]:
    """The names of the fields that a checked operation has at its root."""
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each.name.value
        elif isinstance(each, FragmentSpreadNode):
            yield from root_names(fragments[each.name.value].selection_set, fragments)
        else:
            yield from root_names(each.selection_set, fragments)  # type: ignore[attr-defined]  # an inline fragment


class _Measure:
    """Looks into each fragment once, however often it is spread."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, Shape] = {}

    def of(self, selections: SelectionSetNode) -> Shape:
        shape = Shape()
        for each in selections.selections:
            shape = shape.beside(self._of_one(each))
        return Shape(shape.depth + 1, shape.fields, shape.aliases, shape.root_fields)

    def _of_one(self, selection: SelectionNode) -> Shape:
        if isinstance(selection, FragmentSpreadNode):
            return self._of_fragment(selection.name.value)
        inner = self.of(selection.selection_set) if selection.selection_set else Shape()  # type: ignore[attr-defined]  # fields and inline fragments
        if not isinstance(selection, FieldNode):
            return inner
        alias = 0 if selection.alias is None else 1
        return Shape(inner.depth, inner.fields + 1, inner.aliases + alias, 1)

    def _of_fragment(self, name: str) -> Shape:
        if name not in self._known:
            fragment = self._fragments.get(name)
            self._known[name] = self.of(fragment.selection_set) if fragment else Shape()
        return self._known[name]


def _check_shape(shape: Shape) -> None:
    most = limits()
    for what, measured, limit, name in (
        ("Selections within one another", shape.depth, most.operation_depth, "operation_depth"),
        ("Fields", shape.fields, most.operation_fields, "operation_fields"),
        ("Aliases", shape.aliases, most.operation_aliases, "operation_aliases"),
    ):
        if measured > limit:
            raise TooMuch(what, limit, name)


def _check_roots(kind: OperationType, root_fields: int) -> None:
    if kind is OperationType.MUTATION and root_fields > limits().operation_changes:
        raise TooMuch("Changes", limits().operation_changes, "operation_changes")
    if root_fields > limits().operation_roots:
        raise TooMuch("Fields of the root", limits().operation_roots, "operation_roots")


def _check_repeats(selections: SelectionSetNode, place: _Place, fragments: Fragments) -> None:
    most = limits().operation_repeats
    for each in selections.selections:
        if isinstance(each, FragmentSpreadNode):
            if (fragment := fragments.get(each.name.value)) is not None:
                _check_repeats(fragment.selection_set, place, fragments)
            continue
        inner = place
        if isinstance(each, FieldNode):
            inner = place.inside[(each.alias or each.name).value]
            inner.times += 1
            if inner.times > most:
                raise TooMuch("Repetitions of one field", most, "operation_repeats")
        if each.selection_set:  # type: ignore[attr-defined]  # fields and inline fragments
            _check_repeats(each.selection_set, inner, fragments)  # type: ignore[attr-defined]  # as above
