"""The people, the rooms and the followers of one run, before anything goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from ledger.book import Book
from ledger.fleet import Fleet
from ledger.followers import Door, Follower
from ledger.people import Api, Person, Room, found_room, let_in, sign_up
from ledger.truth import Database
from ledger.writers import Writers


@dataclass(frozen=True, slots=True)
class Size:
    """``topics`` and ``graphql`` are the streams of each resident on each busy room."""

    rooms: int
    residents: int
    visitors: int
    topics: int
    graphql: int
    rate: float


QUICK = Size(rooms=3, residents=6, visitors=3, topics=2, graphql=1, rate=5.0)
LONG = Size(rooms=3, residents=8, visitors=4, topics=12, graphql=3, rate=6.0)


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
        seats.take(person, rooms[-1], plain=False, sleeper=True) for person in residents[2:5]
    ]
    return World(fleet, database, api, book, writers, [*followers, *sleepers], sleepers, chance)


class _Seats:
    """Gives every follower its doors: to each second one those with a proxy."""

    def __init__(self, fleet: Fleet, api: Api, chance: Random) -> None:
        self._api = api
        self._chance = chance
        self._taken = 0
        self._direct = [Door(n, each.port, proxied=False) for n, each in enumerate(fleet.servers)]
        self._proxied = [Door(n, each.port, proxied=True) for n, each in enumerate(fleet.proxies)]

    def take(
        self, person: Person, room: Room | None, *, plain: bool, sleeper: bool = False
    ) -> Follower:
        self._taken += 1
        doors = self._proxied if self._taken % 2 and not sleeper else self._direct
        chance = Random(self._chance.random())  # noqa: S311  # repeatable, not secret
        return Follower(
            person,
            room,
            plain=plain,
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
            made += [seats.take(person, room, plain=True) for _ in range(size.topics)]
            made += [seats.take(person, room, plain=False) for _ in range(size.graphql)]
        for person in visitors:
            made += [seats.take(person, room, plain=plain) for plain in (True, False)]
    made += [seats.take(person, rooms[-1], plain=False) for person in visitors[:1]]
    for person in (*stayers, *visitors):
        made += [seats.take(person, None, plain=plain) for plain in (True, False)]
    return made
