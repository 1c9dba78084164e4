"""The reader: many wants, few snapshots, and each answer as exact as if alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from realtime import background, log, reader
from realtime.background import forever
from realtime.reader import Answer, Reader, Want, _shared_starts, answer_all
from realtime.threads import DatabaseThreads
from tests.realtime.conftest import DEADLINE, Door, HeldDoor, awrite, write

pytestmark = pytest.mark.django_db(transaction=True)


def page(answer: Answer, topic: str = "t") -> list[int]:
    return [event.offset for event in answer.pages[topic]]


def read_after(offset: int, topic: str = "t") -> Want:
    return Want((topic,), {topic: offset})


@pytest.fixture
async def serving() -> AsyncIterator[Reader]:
    threads = DatabaseThreads("tests", 1)
    reader = Reader(threads)
    task = asyncio.create_task(forever(reader.serve, name="Reading"))
    yield reader
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    reader.close()
    await threads.close()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[Want]]:
    """The batches that snapshots were taken for."""
    seen: list[Sequence[Want]] = []

    def remember(wants: Sequence[Want]) -> Sequence[Answer]:
        seen.append(wants)
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", remember)
    return seen


@pytest.mark.limits(page_size=3)
def test_each_want_gets_the_page_that_it_asked_for() -> None:
    write("t", *range(1, 8))
    write("u", 1, 2)

    answers = answer_all([read_after(0), read_after(5), read_after(7), read_after(1, "u")])

    assert [page(answer) for answer in answers[:3]] == [[1, 2, 3], [6, 7], []]
    assert page(answers[3], "u") == [2]


@given(st.sets(st.integers(0, 40), max_size=20), st.integers(1, 9))
def test_a_shared_page_serves_each_of_its_readers_at_least_one_event(
    offsets: Collection[int], page_size: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "limits", lambda: type("L", (), {"page_size": page_size}))
        starts = _shared_starts(offsets)

    assert set(starts) == set(offsets)
    assert all(start <= offset < start + page_size for offset, start in starts.items())


def test_readers_who_stand_close_together_share_a_page() -> None:
    """G7: a thousand reconnecting clients cost a few reads."""
    write("t", *range(1, 60))

    with CaptureQueriesContext(connection) as queries:
        answers = answer_all([read_after(offset) for offset in range(50)] * 20)

    assert all(page(answer)[0] == number % 50 + 1 for number, answer in enumerate(answers))
    assert len([query for query in queries if "realtime_event" in query["sql"]]) == 1


def test_rights_are_read_with_one_question_for_each_gate() -> None:
    door, other = Door(banned={"bob": "banned"}), Door()
    wants = [Want(("t",), {}, door, claim) for claim in ("ann", "bob", "ann")]

    answers = answer_all([*wants, Want(("t",), {}, other, "bob"), Want(("t",))])

    assert [answer.refusal for answer in answers] == [None, "banned", None, None, None]
    assert [set(batch) for batch in door.batches] == [{"ann", "bob"}]


def test_the_refused_get_no_events() -> None:
    """G5."""
    write("t", 1)

    [answer] = answer_all([Want(("t",), {"t": 0}, Door(banned={"ann": "banned"}), "ann")])

    assert answer.refusal == "banned"
    assert answer.pages == {}


class Writing:
    """A gate that lets another thread commit while it is asked."""

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        writer = threading.Thread(target=write_elsewhere)
        writer.start()
        writer.join(DEADLINE)
        return {}

    def ending(self, event: object) -> None:
        return None


def write_elsewhere() -> None:
    write("t", 2)
    connection.close()


def test_rights_marks_and_page_are_of_one_moment() -> None:
    """G5, G2."""
    write("t", 1)

    [answer] = answer_all([Want(("t",), {"t": 0}, Writing(), "ann")])

    assert (page(answer), answer.marks["t"].head) == ([1], 1)
    assert log.marks(["t"])["t"].head == 2


async def test_wants_gather_while_a_snapshot_is_read(
    serving: Reader, batches: list[Sequence[Want]]
) -> None:
    """G7."""
    held = HeldDoor()
    first = asyncio.create_task(serving.read(Want(("t",), {}, held, "ann")))
    await asyncio.to_thread(held.entered.wait, DEADLINE)

    others = [asyncio.create_task(serving.read(read_after(0))) for _ in range(100)]
    await asyncio.sleep(0)
    held.may_go.set()

    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(first, *others)
    assert [len(batch) for batch in batches] == [1, 100]


async def test_an_answer_is_never_older_than_its_question(serving: Reader) -> None:
    """G1: a want that comes while a snapshot is open gets a new one."""
    held = HeldDoor()
    first = asyncio.create_task(serving.read(Want(("t",), {"t": 0}, held, "ann")))
    await asyncio.to_thread(held.entered.wait, DEADLINE)

    await awrite("t", 1)
    second = asyncio.create_task(serving.read(read_after(0)))
    await asyncio.sleep(0)
    held.may_go.set()

    async with asyncio.timeout(DEADLINE):
        assert (page(await first), page(await second)) == ([], [1])


@pytest.mark.limits(batch_pages=3, batch_size=5)
async def test_one_snapshot_serves_no_more_than_its_bounds(
    serving: Reader, batches: list[Sequence[Want]]
) -> None:
    wants = [*(read_after(0) for _ in range(7)), *(Want(("t",)) for _ in range(7))]

    async with asyncio.timeout(DEADLINE):
        await asyncio.gather(*(serving.read(want) for want in wants))

    assert sum(map(len, batches)) == 14
    assert all(len(batch) <= 5 for batch in batches)
    assert all(sum(len(want.pages) for want in batch) <= 3 for batch in batches)


async def test_a_reader_who_went_away_is_not_served(
    serving: Reader, batches: list[Sequence[Want]]
) -> None:
    gone = asyncio.create_task(serving.read(read_after(7)))
    stays = asyncio.create_task(serving.read(read_after(0)))
    await asyncio.sleep(0)

    gone.cancel()

    async with asyncio.timeout(DEADLINE):
        await stays
    assert [list(batch) for batch in batches] == [[read_after(0)]]


async def test_a_database_that_is_away_delays_the_answers_and_no_more(
    serving: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1."""
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)
    attempts = 0

    def fail_twice(wants: Sequence[Want]) -> Sequence[Answer]:
        nonlocal attempts
        attempts += 1
        if attempts <= 2:
            raise OperationalError("away")
        return answer_all(wants)

    monkeypatch.setattr(reader, "answer_all", fail_twice)
    await awrite("t", 1, 2)

    async with asyncio.timeout(DEADLINE):
        answers = await asyncio.gather(*(serving.read(read_after(after)) for after in (0, 1)))

    assert [page(answer) for answer in answers] == [[1, 2], [2]]
    assert attempts == 3


async def test_a_thread_that_cannot_be_had_delays_the_answers_and_no_more(
    serving: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1, G6: nobody waits for good, whatever kept a batch from being read."""
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)
    run, failures = DatabaseThreads.run, iter([RuntimeError("can't start new thread")])

    async def fail_once(threads: DatabaseThreads, work: Callable[[], object]) -> object:
        for failure in failures:
            raise failure
        return await run(threads, work)

    monkeypatch.setattr(DatabaseThreads, "run", fail_once)
    await awrite("t", 1)

    async with asyncio.timeout(DEADLINE):
        answer = await serving.read(read_after(0))

    assert page(answer) == [1]


async def test_an_unexpected_error_reaches_those_who_asked_and_the_next_are_served(
    serving: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_PAUSE_AFTER_FAILURE", 0.01)

    class Broken(Door):
        def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
            raise ZeroDivisionError

    async with asyncio.timeout(DEADLINE):
        with pytest.raises(ZeroDivisionError):
            await serving.read(Want(("t",), {}, Broken(), "ann"))
        answer = await serving.read(read_after(0))

    assert page(answer) == []


async def test_those_who_wait_when_it_closes_are_cancelled_and_so_are_later_ones() -> None:
    """Nobody is left waiting for an answer that cannot come."""
    threads = DatabaseThreads("tests", 1)
    reader = Reader(threads)
    waiting = asyncio.create_task(reader.read(read_after(0)))
    await asyncio.sleep(0)

    reader.close()

    for each in (waiting, asyncio.create_task(reader.read(read_after(0)))):
        with pytest.raises(asyncio.CancelledError):
            await each
    await threads.close()


class Picky(Door):
    """A gate that fails on one of its claims."""

    def authorise(self, claims: Collection[str]) -> Mapping[str, str]:
        if "mallory" in claims:
            raise RuntimeError("No idea who that is.")
        return super().authorise(claims)


@pytest.mark.usefixtures("caplog")
async def test_a_claim_that_the_gate_fails_on_fails_alone(serving: Reader) -> None:
    await awrite("t", 1)
    gate = Picky()
    wants = [Want(("t",), {"t": 0}, gate, claim) for claim in ("ann", "mallory", "bob")]

    async with asyncio.timeout(DEADLINE):
        ann, mallory, bob = await asyncio.gather(
            *(serving.read(want) for want in wants), return_exceptions=True
        )

    assert isinstance(mallory, RuntimeError)
    assert isinstance(ann, Answer)
    assert isinstance(bob, Answer)
    assert page(ann) == page(bob) == [1]


async def test_a_tail_does_not_wait_behind_those_who_arrive() -> None:
    threads = DatabaseThreads("tests", 1)
    reader = Reader(threads)
    arriving = [
        asyncio.ensure_future(reader.read(Want(("t",), {}, Door(), claim))) for claim in "abc"
    ]
    tail = asyncio.ensure_future(reader.read(read_after(0)))
    await asyncio.sleep(0)

    first, *_ = reader._next_batch()

    assert first[0].gate is None
    for each in (*arriving, tail):
        each.cancel()
    await threads.close()
