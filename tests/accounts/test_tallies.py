"""One contract for both kinds of tallies, and what becomes of it while Redis is away."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from accounts import tallies
from accounts.tallies import Allowance, Bucket, OwnTallies, SharedTallies, Tallies
from tests.backends import Redis

_prefixes = (f"tallies{number}" for number in itertools.count())


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tallies, "time", clock)
    return clock


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    redis = Redis(tmp_path_factory.mktemp("redis"))
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that is there is waited for, however busy the machine is."""
    monkeypatch.setattr(SharedTallies, "PATIENCE", 10.0)


@pytest.fixture
def shared(redis: Redis, patient: None) -> Iterator[SharedTallies]:
    shared = SharedTallies(redis.url, next(_prefixes))
    yield shared
    shared._redis.close()


@pytest.fixture(params=["own", "shared"])
def kind(request: pytest.FixtureRequest) -> Tallies:
    if request.param == "own":
        return OwnTallies()
    shared: SharedTallies = request.getfixturevalue("shared")
    return shared


@pytest.mark.parametrize("most", [1, 3, 7])
def test_as_many_pass_as_the_allowance_holds_and_not_one_more(kind: Tallies, most: int) -> None:
    allowance = Allowance("sends:ann", most)

    assert [kind.spend([allowance]) for _ in range(most)] == [0.0] * most
    assert 0.0 < kind.spend([allowance]) <= 60 / most


def test_each_key_has_an_allowance_of_its_own(kind: Tallies) -> None:
    assert kind.spend([Allowance("sends:ann", 1)]) == 0.0
    assert kind.spend([Allowance("sends:bob", 1)]) == 0.0
    assert kind.spend([Allowance("sends:ann", 1)]) > 0.0


def test_nothing_is_taken_of_one_allowance_where_another_is_used_up(kind: Tallies) -> None:
    small, large = Allowance("small", 1), Allowance("large", 2)
    assert kind.spend([small, large]) == 0.0
    for _ in range(5):
        assert kind.spend([small, large]) > 0.0

    assert kind.spend([large]) == 0.0
    assert kind.spend([large]) > 0.0


def test_no_more_pass_when_many_spend_at_once(kind: Tallies) -> None:
    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(lambda _: kind.spend([Allowance("sends:ann", 5)]), range(40)))

    assert waits.count(0.0) == 5


def test_names_are_known_once_they_are_remembered(kind: Tallies) -> None:
    assert not kind.knows("ann at home")

    kind.remember("ann at home", 60)

    assert kind.knows("ann at home")
    assert not kind.knows("ann elsewhere")


def test_an_allowance_refills_evenly(clock: Clock) -> None:
    own, allowance = OwnTallies(), Allowance("sends:ann", 6)
    for _ in range(6):
        own.spend([allowance])
    assert own.spend([allowance]) == pytest.approx(10.0)

    clock.now += 9.9
    assert own.spend([allowance]) == pytest.approx(0.1)
    clock.now += 0.1
    assert own.spend([allowance]) == 0.0
    assert own.spend([allowance]) > 0.0
    clock.now += 3_600.0
    assert [own.spend([allowance]) == 0.0 for _ in range(7)] == [True] * 6 + [False]


def test_what_is_known_is_forgotten_in_time(clock: Clock) -> None:
    own = OwnTallies()
    own.remember("ann at home", 60)

    clock.now += 60.0

    assert not own.knows("ann at home")


def test_a_process_keeps_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "KEPT", 10)
    own = OwnTallies()

    for number in range(50):
        own.spend([Allowance(f"sends:{number}", 1)])
        own.remember(f"{number}", 60)

    assert len(own._full_at) == len(own._known) == 10
    assert own.spend([Allowance("sends:49", 1)]) > 0.0


def test_a_bucket_holds_what_a_minute_gives(clock: Clock) -> None:
    bucket = Bucket(3)

    assert [bucket.spend() for _ in range(4)] == [True, True, True, False]
    clock.now += 20.0
    assert [bucket.spend() for _ in range(2)] == [True, False]


def test_processes_share_what_is_in_redis(redis: Redis, patient: None) -> None:
    prefix = next(_prefixes)
    one, other = SharedTallies(redis.url, prefix), SharedTallies(redis.url, prefix)

    assert one.spend([Allowance("sends:ann", 2)]) == 0.0
    assert other.spend([Allowance("sends:ann", 2)]) == 0.0
    assert one.spend([Allowance("sends:ann", 2)]) > 0.0
    one.remember("ann", 60)
    assert other.knows("ann")


def test_redis_keeps_an_allowance_until_it_is_full_again(shared: SharedTallies) -> None:
    shared.spend([Allowance("sends:ann", 4)])
    shared.spend([Allowance("sends:ann", 4)])

    left = shared._redis.pttl(shared._name("sends:ann"))

    assert 25_000 < left <= 30_000


@pytest.mark.parametrize("absence", ["killed", "paused"])
def test_without_redis_each_process_counts_for_itself_and_says_so_once(
    absence: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two of the 52 calls wait for it, for a quarter of a second each."""
    redis = Redis(tmp_path)
    redis.start()
    shared = SharedTallies(redis.url, "away")
    shared.spend([Allowance("sends:ann", 2)])
    (redis.kill if absence == "killed" else redis.pause)()
    try:
        started = time.monotonic()
        with caplog.at_level(logging.INFO, "accounts.tallies"):
            waits = [shared.spend([Allowance("sends:ann", 2)]) for _ in range(50)]
            known = shared.knows("ann")
            shared._away_until = 1.0  # the pause is over, and Redis still away
            shared.spend([Allowance("sends:ann", 2)])

        assert time.monotonic() - started < 5.0
        assert waits[:2] == [0.0, 0.0]
        assert all(wait > 0.0 for wait in waits[2:])
        assert not known
        assert [record.levelname for record in caplog.records] == ["WARNING"]
    finally:
        if absence == "paused":
            redis.kill()
        shared._redis.close()


def test_redis_counts_again_when_it_is_back(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    patient: None,
) -> None:
    monkeypatch.setattr(SharedTallies, "PAUSE", 0.0)
    redis = Redis(tmp_path)
    shared = SharedTallies(redis.url, "back")
    shared.spend([Allowance("sends:ann", 2)])
    redis.start()

    with caplog.at_level(logging.INFO, "accounts.tallies"):
        shared.spend([Allowance("sends:ann", 2)])

    assert "for all processes again" in caplog.text
    assert SharedTallies(redis.url, "back").spend([Allowance("sends:ann", 1)]) > 0.0
    redis.kill()
    shared._redis.close()
