"""
Turns: however many write in one room, there are threads left for the others.

Writers of a room wait for each other anyway, since its changes have an order. Here
most of them do so before they take a thread and a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from graphql import FieldNode, ObjectValueNode, OperationType, StringValueNode, VariableNode
from graphql.language import ValueNode

from schema.requests import Operation


class Turns:
    """Lets ``at_once`` go at each place, and the others wait, first come, first served."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        # A place is forgotten with the last who is there.
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, place: str | None) -> AsyncIterator[None]:
        """Wait for a turn at ``place``; nowhere in particular, nobody waits."""
        if place is None:
            yield
            return
        semaphore = self._places.get(place)
        if semaphore is None:
            semaphore = self._places[place] = asyncio.Semaphore(self._at_once)
        async with semaphore:
            yield


def place_of(operation: Operation) -> str | None:
    """The room that the first change of a mutation names, if it names one."""
    first = operation.definition.selection_set.selections[0]
    if operation.kind is not OperationType.MUTATION or not isinstance(first, FieldNode):
        return None
    variables = operation.request.variables
    for argument in first.arguments or ():
        value = _value(argument.value, variables)
        if isinstance(value, Mapping):
            room = value.get("roomId")
            return room if isinstance(room, str) else None
    return None


def _value(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    """What a value is, as far as it is needed to find a room in it."""
    match node:
        case VariableNode():
            return variables.get(node.name.value)
        case ObjectValueNode():
            return {each.name.value: _value(each.value, variables) for each in node.fields}
        case StringValueNode():
            return node.value
        case _:
            return None
