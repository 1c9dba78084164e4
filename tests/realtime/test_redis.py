"""A real Redis: rings go through it, and nothing waits for it when it is away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer

from realtime.fanout import Fanout, Message
from realtime.hub import Hub
from tests.backends import Redis
from tests.realtime.conftest import Door, awrite, eventually, take, told

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # redis-py leaves a connection to itself that is cancelled while it is made.
    pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning"),
]

Away = Callable[[Redis], None]

AT_THE_LATEST = 2.0
"""Seconds: what G6 promises."""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    redis = Redis(tmp_path)
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
async def redis_hub(redis: Redis) -> AsyncIterator[Hub]:
    layer = RedisPubSubChannelLayer(hosts=[redis.url])
    channel_layers.set("default", layer)
    async with Hub() as hub:
        yield hub
    await layer.flush()


@pytest.mark.limits(heads_interval=60.0)
async def test_an_event_comes_through_redis_without_a_look_at_the_heads(
    redis_hub: Hub, door: Door
) -> None:
    """Two hubs, as in two processes."""
    async with Hub() as other:
        one = await redis_hub.follow(["t"], after=None, gate=door, claim="ann")
        two = await other.follow(["t"], after=None, gate=door, claim="bob")
        assert told(await take(one, 1)) == told(await take(two, 1)) == ["caught up"]

        await awrite("t", 1, 2, 3)

        assert told(await take(one, 3)) == told(await take(two, 3)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("go_away", "come_back"),
    [(Redis.kill, Redis.start), (Redis.pause, Redis.resume)],
    ids=["refuses connections", "takes them and never answers"],
)
async def test_while_redis_is_away_changes_commit_and_events_arrive(
    redis: Redis, redis_hub: Hub, door: Door, go_away: Away, come_back: Away
) -> None:
    """G6: twenty changes that waited for their rings would take twenty seconds."""
    follower = await redis_hub.follow(["t"], after=None, gate=door, claim="ann")
    await take(follower, 1)
    go_away(redis)

    begun = time.monotonic()
    await awrite("t", *range(20))
    committed = time.monotonic()
    items = await take(follower, 20)
    arrived = time.monotonic()
    come_back(redis)

    assert told(items) == list(range(20))
    assert committed - begun < 10
    assert arrived - committed < AT_THE_LATEST


@pytest.mark.limits(ring_deadline=0.5)
async def test_rings_come_through_again_after_a_restart(
    redis: Redis, redis_hub: Hub, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    on_ring = redis_hub._fanout._on_ring

    def hear(group: str, ring: Message) -> None:
        rung.append(ring["head"])
        on_ring(group, ring)

    monkeypatch.setattr(redis_hub._fanout, "_on_ring", hear)
    follower = await redis_hub.follow(["t"], after=None, gate=door, claim="ann")
    await take(follower, 1)
    redis.kill()
    await awrite("t", 1)
    await take(follower, 1)
    redis.start()

    for number in range(2, 40):
        await awrite("t", number)
        assert told(await take(follower, 1)) == [number]
        if rung:
            break

    assert rung


@pytest.fixture
async def lopsided(redis: Redis, tmp_path: Path) -> AsyncIterator[RedisPubSubChannelLayer]:
    """A layer over two hosts, of which the second never answers."""
    silent = Redis(tmp_path)
    silent.start()
    silent.pause()
    layer = RedisPubSubChannelLayer(hosts=[redis.url, silent.url])
    channel_layers.set("default", layer)
    yield layer
    silent.resume()
    await layer.flush()
    silent.kill()


@pytest.mark.limits(ring_deadline=0.3)
async def test_a_host_that_never_answers_holds_up_no_joining_at_another(
    lopsided: RedisPubSubChannelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every second name for a channel lies with the silent host: leave time for many.
    monkeypatch.setattr("realtime.background._PAUSE_AFTER_FAILURE", 0.01)
    fanout = Fanout(on_ring=lambda *_: None, on_joined=lambda: None, on_trouble=lambda: None)
    groups = {f"room.{number}" for number in range(200)}
    healthy = {each for each in groups if _shard(lopsided, each) == 0}
    assert 50 < len(healthy) < 150

    await fanout.start()
    for group in groups:
        fanout.join(group)

    await eventually(lambda: fanout._memberships.joined == healthy)
    await fanout.stop()


def _shard(layer: RedisPubSubChannelLayer, group: str) -> int:
    shard = layer._get_shard(layer._get_group_channel_name(group))
    return int(layer._shards.index(shard))
