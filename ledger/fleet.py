"""PostgreSQL, Redis and three server processes with a proxy before each, for one run."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

from ledger.bells import Bell, open_bell
from ledger.ports import quiet_port
from ledger.proxy import Proxy
from tests.backends import postgresql
from tests.server import Server

SERVERS = 3

T = TypeVar("T")


class Fleet:
    """
    What the faults are done to.

    Blocking work runs in threads, so that the load goes on meanwhile; :meth:`close`
    waits for it, so that nothing is started behind its back.
    """

    def __init__(self, url: str, bell: Bell, servers: list[Server], proxies: list[Proxy]) -> None:
        self.database_url = url
        self.bell = bell
        self.servers = servers
        self.proxies = proxies
        self._work: set[asyncio.Future[object]] = set()

    async def do(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread, to its end even if the caller is cancelled."""
        future = asyncio.get_running_loop().run_in_executor(None, work)
        self._work.add(future)  # type: ignore[arg-type]  # its result is not looked at
        future.add_done_callback(self._work.discard)
        return await asyncio.shield(future)

    async def close(self) -> None:
        await asyncio.gather(*self._work, return_exceptions=True)
        for proxy in self.proxies:
            proxy.close()
        for server in self.servers:
            server.kill()


@asynccontextmanager
async def fleet(directory: Path, chance: Random) -> AsyncIterator[Fleet]:
    """Everything running, and nothing of it left afterwards."""
    async with AsyncExitStack() as stack:
        cluster = stack.enter_context(postgresql(directory / "postgresql"))
        url = stack.enter_context(_database(cluster))
        bell = open_bell(directory, chance)
        stack.callback(_stop, bell)
        servers = [
            _server(directory / f"server-{n}", chance, url, bell.url) for n in range(SERVERS)
        ]
        proxies = [Proxy(quiet_port(chance), server.port) for server in servers]
        made = Fleet(url, bell, servers, proxies)
        stack.push_async_callback(made.close)
        for proxy in proxies:
            await proxy.open()
        # The first one migrates the database; together they would only wait for it.
        await made.do(servers[0].start)
        await asyncio.gather(*(made.do(server.start) for server in servers[1:]))
        yield made


def _server(directory: Path, chance: Random, database_url: str, redis_url: str) -> Server:
    directory.mkdir()
    return Server(
        directory,
        quiet_port(chance),
        DJANGO_SETTINGS_MODULE="ledger.settings",
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        REDIS_PREFIX=urlsplit(database_url).path.strip("/"),
        SECRET_KEY=_SECRET_KEY,
        WORKERS="1",
    )


_SECRET_KEY = secrets.token_urlsafe(48)


class _database:  # noqa: N801  # a context manager, used as a function
    """A new database of the cluster at ``url``, dropped in the end."""

    def __init__(self, url: str) -> None:
        self._cluster = url
        self._name = f"anteroom_ledger_{uuid4().hex}"

    def __enter__(self) -> str:
        with psycopg.connect(self._cluster, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(self._name)))
        return urlunsplit(urlsplit(self._cluster)._replace(path=f"/{self._name}"))

    def __exit__(self, *_: object) -> None:
        with psycopg.connect(self._cluster, autocommit=True) as connection:
            drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(Identifier(self._name)))


def _stop(bell: Bell) -> None:
    with suppress(AssertionError):  # It may be dead already, by the fault that killed it.
        bell.resume()
    with suppress(AssertionError):
        bell.stop()
