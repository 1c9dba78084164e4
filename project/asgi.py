"""The server: HTTP through Django, WebSockets to their applications, and the hub they share."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from contextlib import AsyncExitStack
from threading import Thread

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  # Django is set up first

from accounts.watch import Watch  # noqa: E402  # as above
from chat.consumers import person_topic, room_topic  # noqa: E402  # as above
from project.bodies import bounded  # noqa: E402  # as above
from project.handler import Handler  # noqa: E402  # as above
from realtime.hub import Hub  # noqa: E402  # as above
from realtime.socket import Receive, Scope, Send, Socket  # noqa: E402  # as above
from schema.websocket import graphql  # noqa: E402  # as above

# A thread that has heard from the database waits for the event loop, which may be writing to
# thousands of sockets, and holds a room's lock meanwhile: with Python's 5 ms a room with 1,000
# subscribers took 30 messages a second, with 0.2 ms 75.
sys.setswitchinterval(0.0002)

_django = Handler()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    match scope["type"]:
        case "lifespan":
            await _live(receive, send)
        case "websocket":
            await _websocket(_rooted(scope), receive, send)
        case _:
            await bounded(_django, _rooted(scope), receive, send)


def _rooted(scope: Scope) -> Scope:
    """With our root path before the path, whether or not the proxy has left it there."""
    root, path = settings.ROOT_PATH, scope["path"]
    if not root:
        return scope
    path = path if f"{path}/".startswith(f"{root}/") else root + path
    return {**scope, "path": path, "root_path": root}


def _spare_the_collector() -> None:
    """
    Let garbage collection leave alone what lives as long as the process, and come less often.

    A socket is a hundred objects, and looking through those of thousands again and again
    took a tenth of the server's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


async def _live(receive: Receive, send: Send) -> None:
    """Hold what all connections of this process share, from its start to its end."""
    await receive()
    Thread(target=_end_with_parent, name="Watching the parent", daemon=True).start()
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(Hub())
        await stack.enter_async_context(Watch(hub))
        _spare_the_collector()
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})


def _end_with_parent() -> None:
    """Stop, as by SIGTERM, when whoever started this process as one of several workers is gone."""
    # It would live on otherwise, and hold the port that the next server needs.
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


async def _websocket(scope: Scope, receive: Receive, send: Send) -> None:
    match _parts(scope):
        case ["graphql"]:
            await graphql(scope, receive, send)
        case ["ws", "room", room_id]:
            await room_topic(scope, receive, send, room_id)
        case ["ws", "user", user_id]:
            await person_topic(scope, receive, send, user_id)
        case _:
            await Socket(scope, receive, send).refuse()


def _parts(scope: Scope) -> list[str]:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).strip("/").split("/")
