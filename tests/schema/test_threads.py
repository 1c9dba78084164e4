from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from itertools import islice
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts import actions
from schema import execution, requests, threads
from schema.requests import Request
from schema.threads import Busy, Counter
from schema.transports import SocketContext
from tests.clients import DEADLINE

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN = 'signIn(input: {username: "a", password: "b"}) { __typename }'
SIGN_UP = 'signUp(input: {username: "a", password: "b"}) { __typename }'
SIGN_OUT = "mutation { signOut { __typename } }"
HASHING = [
    f"mutation {{ {SIGN_IN} }}",
    f"mutation {{ ... {{ ...F }} }} fragment F on Mutation {{ {SIGN_UP} }}",
    f"mutation {{ signOut {{ __typename }} x: {SIGN_IN} }}",
]


@pytest.fixture
async def counters(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Threads of the test's own, one of each kind, which leave no connection behind."""
    sizes = {"queries": 100, "mutations": 100, "hashers": 5}
    counters = {kind: Counter(f"tests-{kind}", 1, waiting) for kind, waiting in sizes.items()}
    for kind, counter in counters.items():
        monkeypatch.setattr(threads, kind, lambda counter=counter: counter)
    yield
    for counter in counters.values():
        await counter.close()


@pytest.mark.parametrize("waiting", [0, 3])
async def test_only_so_many_wait_and_the_next_is_told_at_once(waiting: int) -> None:
    counter, door = Counter("tests", 2, waiting), threading.Event()
    inside = [asyncio.create_task(counter.run(door.wait)) for _ in range(2 + waiting)]
    await asyncio.sleep(0)

    with pytest.raises(Busy) as refused:
        await counter.run(door.wait)

    assert refused.value.errors == [
        {"message": "The server is busy. Try again.", "extensions": {"code": "UNAVAILABLE"}}
    ]
    door.set()
    assert await asyncio.gather(*inside) == [True] * (2 + waiting)
    assert await counter.run(door.wait)


async def test_who_gave_up_waiting_makes_room() -> None:
    counter, door = Counter("tests", 1, 1), threading.Event()
    first, second = (asyncio.create_task(counter.run(door.wait)) for _ in range(2))
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.gather(second, return_exceptions=True)

    third = asyncio.create_task(counter.run(door.wait))
    await asyncio.sleep(0)
    door.set()
    assert await asyncio.gather(first, third) == [True, True]


@pytest.mark.usefixtures("counters")
@pytest.mark.parametrize("query", HASHING, ids=["plain", "in fragments", "beside others"])
async def test_passwords_are_hashed_in_threads_of_their_own(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def note(*_: Any, **__: Any) -> User:
        names.append(threading.current_thread().name)
        raise actions.InvalidCredentials

    monkeypatch.setattr(actions, "authenticate_person", note)
    monkeypatch.setattr(actions, "create_person", note)

    await _run_in_threads(query)

    [name] = names
    assert name.startswith("tests-hashers")


@pytest.mark.usefixtures("counters")
@pytest.mark.parametrize(
    ("query", "where"),
    [("{ viewer { user { id } } }", "queries"), (SIGN_OUT, "mutations")],
)
async def test_queries_and_mutations_run_in_threads_of_their_own(query: str, where: str) -> None:
    def work() -> str:
        _run(query)
        return threading.current_thread().name

    name = await threads.run(requests.prepare(Request(query)), work)

    assert name.startswith(f"tests-{where}")


@pytest.mark.usefixtures("counters")
async def test_a_flood_of_sign_ins_holds_up_no_other_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = threading.Event()
    monkeypatch.setattr(actions, "authenticate", lambda **_: door.wait() and None)
    flood = [asyncio.create_task(_run_in_threads(HASHING[0])) for _ in range(20)]
    await asyncio.sleep(0)  # they are first in the queue
    try:
        async with asyncio.timeout(DEADLINE):
            told = [await _run_in_threads(query) for query in ("{ __typename }", SIGN_OUT)]
            for refused in islice(asyncio.as_completed(flood), 20 - 1 - 5):
                with pytest.raises(Busy):
                    await refused
    finally:
        door.set()

    assert [list(answer["data"]) for answer in told] == [["__typename"], ["signOut"]]
    outcomes = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 20 - 1 - 5


@pytest.mark.usefixtures("counters")
async def test_a_flood_of_queries_holds_up_no_mutation() -> None:
    door = threading.Event()
    query = requests.prepare(Request("{ __typename }"))
    flood = [asyncio.create_task(threads.run(query, door.wait)) for _ in range(20)]
    await asyncio.sleep(0)  # as above
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await _run_in_threads(SIGN_OUT)
    finally:
        door.set()

    assert list(answer["data"]) == ["signOut"]
    assert await asyncio.gather(*flood) == [True] * 20


async def _run_in_threads(query: str) -> dict[str, Any]:
    return await threads.run(requests.prepare(Request(query)), partial(_run, query))


def _run(query: str) -> dict[str, Any]:
    operation = requests.prepare(Request(query))
    return execution.formatted(execution.run(operation, SocketContext(None, "Tests")))
