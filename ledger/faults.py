"""
The faults: each is done to the running fleet and says whether it has taken place.

``struck_at`` is when recovery is measured from: the blow, where that is all there is
(a kill, a cut), or the end of what lasts (a pause, a freeze).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from ledger import bells
from ledger.followers import Follower
from ledger.lines import DRAINED
from ledger.load import World

_KEPT = 12
"""What the pruning leaves of each topic."""
_TOO_LATE = 6
"""How many of those who are held back stay away until the pruning is over."""
_PATIENCE = 10.0
_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True, slots=True)
class Struck:
    """``heads`` are those just after ``struck_at``: what lies beyond was committed later."""

    affected: Sequence[Follower]
    struck_at: float
    heads: Mapping[str, int]
    happened: bool
    note: str


Fault = Callable[[World, Random], Awaitable[Struck]]


async def server_killed(world: World, _chance: Random) -> Struck:
    number = _busiest(world)
    server, affected = world.fleet.servers[number], _at(world, number)
    pid = server.pid
    await world.fleet.do(server.kill)
    struck = await _struck(
        world, affected, time.time(), happened=pid is not None, note=f"{len(affected)} cut"
    )
    await world.fleet.do(server.start)
    return struck


async def server_drained(world: World, _chance: Random) -> Struck:
    number = _busiest(world)
    server, affected = world.fleet.servers[number], _at(world, number)
    before = _closes(world, DRAINED)
    await world.fleet.do(server.stop)
    at = time.time()
    drained = _closes(world, DRAINED) - before
    note = f"{drained} closed with 1012"
    struck = await _struck(world, affected, at, happened=drained > 0, note=note)
    await world.fleet.do(server.start)
    return struck


async def rolling_restart(world: World, chance: Random) -> Struck:
    """One server after the other; recovery is from the end of the last old process."""
    before = _closes(world, DRAINED)
    for server in chance.sample(world.fleet.servers, k=len(world.fleet.servers)):
        affected = _at(world, world.fleet.servers.index(server))
        await world.fleet.do(server.stop)
        struck = await _struck(world, affected, time.time(), happened=False, note="")
        await world.fleet.do(server.start)
    drained = _closes(world, DRAINED) - before
    note = f"{drained} closed with 1012"
    return replace(struck, happened=drained > 0, note=note)


async def redis_killed(world: World, chance: Random) -> Struck:
    bell = world.fleet.bell
    await world.fleet.do(bell.kill)
    away = not await world.fleet.do(lambda: bells.answers(bell.url))
    await asyncio.sleep(chance.uniform(1.0, 2.5))
    await world.fleet.do(bell.start)
    given = isinstance(bell, bells.GivenRedis)
    note = "all its connections" if given else "away for a while, and empty again"
    return await _struck(world, _in_rooms(world), time.time(), happened=away or given, note=note)


async def redis_paused(world: World, chance: Random) -> Struck:
    bell = world.fleet.bell
    seconds = chance.uniform(2.5, 4.0)
    await world.fleet.do(bell.pause)
    silent = not await world.fleet.do(lambda: bells.answers(bell.url))
    await asyncio.sleep(seconds)
    await world.fleet.do(bell.resume)
    note = f"for {seconds:.1f} s"
    return await _struck(world, _in_rooms(world), time.time(), happened=silent, note=note)


async def backends_ended(world: World, chance: Random) -> Struck:
    at = time.time()
    ended = 0
    for _ in range(chance.randint(1, 3)):
        ended += await world.database.end_backends()
        await asyncio.sleep(0.1)
    note = f"{ended} connections ended"
    return await _struck(world, _in_rooms(world), at, happened=ended > 0, note=note)


async def connections_cut(world: World, _chance: Random) -> Struck:
    number = _busiest(world, proxied=True)
    affected = _at(world, number, proxied=True)
    at = time.time()
    cut = world.fleet.proxies[number].cut()
    return await _struck(world, affected, at, happened=cut > 0, note=f"{cut} reset")


async def connections_half_open(world: World, _chance: Random) -> Struck:
    number = _busiest(world, proxied=True)
    affected = _at(world, number, proxied=True)
    at = time.time()
    dead = world.fleet.proxies[number].blackhole()
    return await _struck(world, affected, at, happened=dead > 0, note=f"{dead} went silent")


async def reader_frozen(world: World, chance: Random) -> Struck:
    sleepers = [each for each in world.sleepers if each.door is not None]
    positions = [each.diary.tracks[each.topics[0]].position for each in sleepers]
    for each in sleepers:
        each.freeze()
    await world.writers.shout(chance.randint(56, 64))
    heads = await world.database.heads()
    behind = [
        heads[each.topics[0]] - each.diary.tracks[each.topics[0]].position for each in sleepers
    ]
    stood_still = [
        each.diary.tracks[each.topics[0]].position - old <= 2
        for each, old in zip(sleepers, positions, strict=True)
    ]
    for each in sleepers:
        each.thaw()
    happened = bool(sleepers) and all(stood_still) and min(behind) > 50
    note = f"{len(sleepers)} readers, {max(behind, default=0)} events of 64 KB behind"
    return await _struck(world, sleepers, time.time(), happened=happened, note=note)


async def pruned_during_replay(world: World, chance: Random) -> Struck:
    """Hold followers back until they are behind, and let them go while the log is pruned."""
    held = chance.sample(_in_rooms(world), k=min(24, len(_in_rooms(world))))
    for each in held:
        each.hold()
    await _until(partial(_are_behind, world, held, _KEPT))
    expired, replayed = _expiries(world), sum(each.caught_up for each in held)
    let_go = {each: each.caught_up for each in held}
    kept = str(_KEPT)
    pruning = asyncio.ensure_future(
        world.fleet.do(lambda: world.fleet.servers[0].manage("prune_events", "--events", kept))
    )
    for each in held[_TOO_LATE:]:
        # The pace at which they come back: before, while and after the command deletes.
        await asyncio.sleep(0.1)
        each.release()
    said = await pruning
    # However slow the command was, these have lost what they had not read.
    for each in held[:_TOO_LATE]:
        each.release()
    at = time.time()
    removed = int("".join(filter(str.isdigit, said)) or 0)
    struck = await _struck(world, held, at, happened=False, note="")
    await _until(lambda: _all(each.caught_up > let_go[each] or each.is_outside for each in held))
    expired = _expiries(world) - expired
    replayed = sum(each.caught_up for each in held) - replayed
    note = f"{removed} events pruned, {len(held)} replayed, {expired} cursors expired"
    happened = removed > 0 and replayed > 0 and expired > 0
    return replace(struck, happened=happened, note=note)


async def history_rotated(world: World, chance: Random) -> Struck:
    """A new epoch, as after a restore: everyone has to query again."""
    before, old = _expiries(world), await world.database.epoch()
    affected = _in_rooms(world)
    had = {each: each.expiries.total() for each in affected}
    await world.fleet.do(lambda: chance.choice(world.fleet.servers).manage("rotate_epoch"))
    at = time.time()
    struck = await _struck(world, affected, at, happened=False, note="")
    await _until(
        lambda: _all(each.expiries.total() > had[each] or each.is_outside for each in affected)
    )
    expired = _expiries(world) - before
    happened = old != await world.database.epoch() and expired > 0
    return replace(struck, happened=happened, note=f"{expired} cursors expired")


FAULTS: Mapping[str, Fault] = {
    "server killed (SIGKILL)": server_killed,
    "server drained (SIGTERM)": server_drained,
    "rolling restart": rolling_restart,
    "Redis killed": redis_killed,
    "Redis paused": redis_paused,
    "database connections ended": backends_ended,
    "connections cut (RST)": connections_cut,
    "connections half-open": connections_half_open,
    "readers frozen": reader_frozen,
    "log pruned during replay": pruned_during_replay,
}
LAST = {"epoch rotated (restore)": history_rotated}


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it does; what never does is seen by what the fault then says of itself."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while not await holds():  # noqa: ASYNC110  # what is looked at tells nobody
                await asyncio.sleep(_BETWEEN_LOOKS)


async def _all(these: Iterable[bool]) -> bool:
    return all(these)


async def _are_behind(world: World, held: Sequence[Follower], events: int) -> bool:
    heads = await world.database.heads()
    return all(
        heads[each.topics[0]] - each.diary.tracks[each.topics[0]].position > events for each in held
    )


async def _struck(
    world: World, affected: Sequence[Follower], at: float, *, happened: bool, note: str
) -> Struck:
    return Struck(affected, at, await world.database.heads(), happened, note)


def _in_rooms(world: World) -> list[Follower]:
    """Those for whom there is always something new: rooms are never silent."""
    return [each for each in world.followers if each.room is not None and each.door is not None]


def _busiest(world: World, *, proxied: bool = False) -> int:
    """The server with the most followers: what happens to an idle one proves little."""
    numbers = range(len(world.fleet.servers))
    return max(numbers, key=lambda number: len(_at(world, number, proxied=proxied)))


def _at(world: World, server: int, *, proxied: bool = False) -> list[Follower]:
    return [
        each
        for each in _in_rooms(world)
        if each.door is not None
        and each.door.server == server
        and (each.door.proxied or not proxied)
    ]


def _closes(world: World, code: int) -> int:
    return sum(each.closes[code] for each in world.followers)


def _expiries(world: World) -> int:
    return sum(each.expiries.total() for each in world.followers)
