"""Turns: a room in which many write leaves threads for the others."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from schema import requests
from schema.requests import Request
from schema.threads import Counter
from schema.turns import place_of

DEADLINE = 10.0

_SEND = "mutation ($room: ID!, $text: String!) { sendMessage(input: {roomId: $room, text: $text})"
_INPUT = "mutation ($input: RenameRoomInput!) { renameRoom(input: $input) { __typename } }"


@pytest.mark.parametrize(
    ("query", "variables", "place"),
    [
        (f"{_SEND} {{ __typename }} }}", {"room": "r", "text": ""}, "r"),
        (_INPUT, {"input": {"roomId": "r", "title": "New"}}, "r"),
        ('mutation { leaveRoom(input: {roomId: "r"}) { __typename } }', {}, "r"),
        ("mutation { signOut { __typename } }", {}, None),
        ('mutation { requestToJoin(input: {joinCode: "r"}) { __typename } }', {}, None),
        ("mutation { ... { signOut { __typename } } }", {}, None),
        ('{ room(id: "r") { id } }', {}, None),
    ],
)
def test_a_change_has_its_place_in_the_room_that_it_names(
    query: str, variables: dict[str, Any], place: str | None
) -> None:
    assert place_of(requests.prepare(Request(query, variables))) == place


async def test_a_crowded_place_leaves_threads_to_the_others() -> None:
    counter, door = Counter("tests", 4, 100, in_turn=3), threading.Event()
    crowd = [asyncio.create_task(counter.run(door.wait, "hot")) for _ in range(20)]

    async with asyncio.timeout(DEADLINE):
        for place in ("quiet", None):
            assert await counter.run(lambda: "done", place) == "done"

    door.set()
    assert await asyncio.gather(*crowd) == [True] * 20
    assert not counter._turns._places


async def test_turns_at_a_place_are_taken_in_the_order_of_arrival() -> None:
    counter = Counter("tests", 2, 100, in_turn=1)
    done: list[int] = []

    await asyncio.gather(*(counter.run(lambda n=n: done.append(n), "hot") for n in range(20)))  # type: ignore[misc]  # a default binds

    assert done == list(range(20))


async def test_who_gives_up_waiting_for_a_turn_lets_the_next_one_go() -> None:
    counter, door = Counter("tests", 2, 100, in_turn=1), threading.Event()
    first, second, third = (asyncio.create_task(counter.run(door.wait, "hot")) for _ in range(3))
    await asyncio.sleep(0)

    second.cancel()
    door.set()

    async with asyncio.timeout(DEADLINE):
        assert await asyncio.gather(first, third) == [True, True]
