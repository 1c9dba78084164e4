"""The people, the rooms and the followers of one run, before anything goes wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ledger.book import Book
from ledger.fleet import Fleet
from ledger.followers import Follower
from ledger.lines import Door, Wire
from ledger.people import Api, Person, Room, found_room, let_in, sign_up
from ledger.truth import Database
from ledger.writers import Writers


@dataclass(frozen=True, slots=True)
class Size:
    """``topics``, ``graphql`` and ``events`` are the streams of each resident on each busy room."""

    rooms: int
    residents: int
    visitors: int
    topics: int
    graphql: int
    events: int
    rate: float

    @property
    def by_wire(self) -> dict[Wire, int]:
        return {"plain": self.topics, "graphql": self.graphql, "sse": self.events}


_SLEEPING: tuple[Wire, ...] = ("graphql", "graphql", "sse")
QUICK = Size(rooms=3, residents=6, visitors=3, topics=1, graphql=1, events=1, rate=5.0)
LONG = Size(rooms=3, residents=8, visitors=4, topics=9, graphql=3, events=2, rate=6.0)


@dataclass
class World:
    """Everything that faults are done to and that the judge will ask."""

    fleet: Fleet
    database: Database
    api: Api
    book: Book
    writers: Writers
    followers: Sequence[Follower]
    sleepers: Sequence[Follower]
    chance: Random

    @property
    def deliveries(self) -> int:
        return sum(follower.diary.deliveries for follower in self.followers)


async def settle(fleet: Fleet, database: Database, api: Api, size: Size, chance: Random) -> World:
    """Sign everyone up, found the rooms and let the residents in."""
    names = ["owner", *(f"resident{n}" for n in range(size.residents))]
    names += [f"visitor{n}" for n in range(size.visitors)]
    owner, *others = [await sign_up(api, name) for name in names]
    residents, visitors = others[: size.residents], others[size.residents :]
    rooms = [await found_room(api, owner, f"Room {n}") for n in range(size.rooms + 1)]
    for room in rooms:
        await asyncio.gather(*(let_in(api, room, resident) for resident in residents))
    book = Book()
    writers = Writers(api, book, chance, rooms, residents, visitors, size.rate)
    seats = _Seats(fleet, api, chance)
    followers = _followers(seats, size, rooms, [owner, *residents], visitors)
    sleepers = [
        seats.take(person, rooms[-1], wire, sleeper=True)
        for person, wire in zip(residents[2:5], _SLEEPING, strict=True)
    ]
    return World(fleet, database, api, book, writers, [*followers, *sleepers], sleepers, chance)


class _Seats:
    """Gives every follower its doors: to each second one on a wire those with a proxy."""

    def __init__(self, fleet: Fleet, api: Api, chance: Random) -> None:
        self._api = api
        self._chance = chance
        self._taken: Counter[Wire] = Counter()
        self._direct = [Door(n, each.port, proxied=False) for n, each in enumerate(fleet.servers)]
        self._proxied = [Door(n, each.port, proxied=True) for n, each in enumerate(fleet.proxies)]

    def take(
        self, person: Person, room: Room | None, wire: Wire, *, sleeper: bool = False
    ) -> Follower:
        self._taken[wire] += 1
        doors = self._proxied if self._taken[wire] % 2 and not sleeper else self._direct
        chance = Random(self._chance.random())  # noqa: S311  # repeatable, not secret
        return Follower(
            person,
            room,
            wire,
            doors=doors,
            api=self._api,
            chance=chance,
            sleeper=sleeper,
        )


def _followers(
    seats: _Seats,
    size: Size,
    rooms: Sequence[Room],
    stayers: Sequence[Person],
    visitors: Sequence[Person],
) -> list[Follower]:
    made = []
    for room in rooms[:-1]:
        for person in stayers:
            for wire, streams in size.by_wire.items():
                made += [seats.take(person, room, wire) for _ in range(streams)]
        for person in visitors:
            made += [seats.take(person, room, wire) for wire in size.by_wire]
    made += [seats.take(person, rooms[-1], "graphql") for person in visitors[:1]]
    for person in (*stayers, *visitors):
        made += [seats.take(person, None, wire) for wire in size.by_wire]
    return made
