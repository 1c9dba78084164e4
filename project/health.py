"""
Whether this process lives (``/healthz``) and whether it can serve (``/readyz``).

Without the database it cannot. Without the channel layer it can, and is degraded:
events come up to 2 s late.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import cache
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from project.logs import Changes
from realtime import fanout, hub

DEADLINE = 1.0
"""Seconds that each part has to answer."""

OK, FAILS = "ok", "fails"

_changes = Changes(logging.getLogger(__name__), good="ready")


@require_safe
async def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "alive"})


@require_safe
async def readyz(_request: HttpRequest) -> JsonResponse:
    database, channel_layer = await asyncio.gather(
        _state(hub.current().run(_check_database)), _state(fanout.knock())
    )
    status = _status(database, channel_layer)
    parts = {"database": database, "channel_layer": channel_layer}
    _changes.tell(status, ", ".join(f"{part}: {state}" for part, state in parts.items()))
    return JsonResponse({"status": status, **parts}, status=503 if status == "unavailable" else 200)


def _status(database: str, channel_layer: str) -> str:
    if database != OK:
        return "unavailable"
    return "ready" if channel_layer == OK else "degraded"


async def _state(check: Coroutine[Any, Any, None]) -> str:
    try:
        async with asyncio.timeout(DEADLINE):
            await check
    except MigrationsPending:
        return "migrations pending"
    except Exception:  # noqa: BLE001  # whatever it is, this part cannot be used
        return FAILS
    return OK


class MigrationsPending(Exception):
    """The database is older than the code."""


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    _require_migrations()


@cache  # an exception is not remembered; that all are applied stays true
def _require_migrations() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MigrationsPending
