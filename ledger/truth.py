"""What PostgreSQL says in the end: the log, who is in which room, and what was pruned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from ledger.frames import mark_of

# Pruning removes what the judge needs; the database keeps it aside in the same transaction.
KEEP_THE_PRUNED = """
    CREATE TABLE ledger_pruned AS SELECT * FROM realtime_event WITH NO DATA;
    CREATE FUNCTION ledger_keep() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO ledger_pruned SELECT * FROM gone; RETURN NULL; END $$;
    CREATE TRIGGER ledger_keep AFTER DELETE ON realtime_event
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep();
"""

_EVENTS = """
    SELECT topic_id, "offset", kind, data, extract(epoch FROM occurred_at)::float8
    FROM (SELECT * FROM realtime_event UNION ALL SELECT * FROM ledger_pruned) AS told
    ORDER BY topic_id, "offset"
"""
_TOPICS = "SELECT name, head, floor FROM realtime_topic"
_MEMBERS = "SELECT room_id, user_id FROM chat_membership"
_OWNERS = "SELECT id, owner_id FROM chat_room"
_EPOCH = "SELECT value FROM realtime_epoch"
_HEADS = "SELECT name, head FROM realtime_topic"
_BACKENDS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class Committed(NamedTuple):
    """One event of the log; ``user_id`` is whom a coming or going concerns."""

    offset: int
    kind: str
    mark: int
    at: float
    user_id: int | None = None
    client_mutation_id: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Truth:
    events: Mapping[str, Sequence[Committed]]
    heads: Mapping[str, int]
    floors: Mapping[str, int]
    members: Collection[tuple[int, int]]
    owners: Mapping[int, int]
    epoch: str = ""
    ended_sessions: Mapping[str, float] = field(default_factory=dict)

    def head(self, topic: str) -> int:
        return self.heads.get(topic, 0)

    @property
    def committed(self) -> int:
        return sum(map(len, self.events.values()))


class Database:
    """The judge's own connection, apart from all that the servers have."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> Database:
        made = cls(await psycopg.AsyncConnection.connect(url, autocommit=True))
        await made._connection.execute(KEEP_THE_PRUNED)
        return made

    async def close(self) -> None:
        await self._connection.close()

    async def heads(self) -> Mapping[str, int]:
        return dict(await self._rows(_HEADS))

    async def members(self) -> Collection[tuple[int, int]]:
        return set(await self._rows(_MEMBERS))

    async def epoch(self) -> str:
        return str((await self._rows(_EPOCH))[0][0])

    async def end_backends(self) -> int:
        """End all other connections to the database; returns how many there were."""
        return int((await self._rows(_BACKENDS))[0][0])

    async def truth(self, ended_sessions: Mapping[str, float]) -> Truth:
        """Read everything; call it when nothing changes any more."""
        events: dict[str, list[Committed]] = {}
        for topic, offset, kind, data, at in await self._rows(_EVENTS):
            events.setdefault(topic, []).append(_committed(offset, kind, data, at))
        topics = await self._rows(_TOPICS)
        return Truth(
            events,
            {name: head for name, head, _ in topics},
            {name: floor for name, _, floor in topics},
            await self.members(),
            dict(await self._rows(_OWNERS)),
            await self.epoch(),
            ended_sessions,
        )

    async def _rows(self, query: str) -> list[tuple[Any, ...]]:
        return await (await self._connection.execute(query)).fetchall()


def _committed(offset: int, kind: str, data: dict[str, Any], at: float) -> Committed:
    user_id = data["user"]["id"] if "user" in data else None
    text = data["message"]["text"] if "message" in data else None
    mark = mark_of(kind, *_identity(data))
    return Committed(offset, kind, mark, at, user_id, data.get("client_mutation_id"), text)


def _identity(data: dict[str, Any]) -> tuple[object, ...]:  # noqa: PLR0911  # one case for each form
    """What identifies an event, as :class:`ledger.frames.Told` has it."""
    match data:
        case {"message": message}:
            return (message["id"], message["text"])
        case {"user": user}:
            return (user["id"],)
        case {"room": room}:
            return (room["id"], room["title"])
        case {"join_request": asked}:
            return (asked["id"],)
        case {"room_id": room_id}:
            return (room_id,)
        case {"join_code": code}:
            return (code,)
        case _:
            return ()
