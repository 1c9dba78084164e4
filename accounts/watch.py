"""Ending what a session has open when the session ends (G10)."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from accounts import liveness, sightings
from accounts.authentication import Credentials, Identity, identities
from accounts.ringing import GROUP
from realtime.background import forever
from realtime.hub import Hub, NotServing

INTERVAL = 3.5
"""Seconds between two looks; a ring on ``sessions`` makes one at once."""
LOOKED_AT_AT_ONCE = 500
"""Sessions in one query, whose answer is read by a thread that holds up what is delivered."""

OnEnd = Callable[[], None]


class Watch:
    """
    Tells the sockets of this process when their session is over, within 5 s.

    Use it as ``async with Watch(hub)``. A look costs one query for some hundred sessions.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._held: dict[Identity, set[OnEnd]] = defaultdict(set)
        self._look_wanted = asyncio.Event()

    async def __aenter__(self) -> Watch:
        self._hub.listen(GROUP, self._look_wanted.set)
        self._task = asyncio.create_task(forever(self._look, name="Watching sessions"))
        _watching.append(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        _watching.remove(self)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def identify(self, credentials: Credentials) -> Identity | None:
        """Return who shows ``credentials``; all who ask at once are looked up together."""
        if credentials.session_key is None:
            return None
        return await self._hub.look_up(identities, credentials.session_key)

    def add(self, identity: Identity, on_end: OnEnd) -> None:
        """Call ``on_end`` once, on the event loop, when the session of ``identity`` is over."""
        self._held[identity].add(on_end)

    def remove(self, identity: Identity, on_end: OnEnd) -> None:
        """Call ``on_end`` no more; nothing happens if it is not held."""
        callbacks = self._held.get(identity, set())
        callbacks.discard(on_end)
        if not callbacks:
            self._held.pop(identity, None)

    async def _look(self) -> None:
        # Not wait_for: Python 3.11's can swallow a cancellation, and __aexit__ would wait for ever
        # (github.com/python/cpython/issues/86296).
        with suppress(TimeoutError):
            async with asyncio.timeout(INTERVAL * random.uniform(0.8, 1.2)):  # noqa: S311  # not a secret
                await self._look_wanted.wait()
        self._look_wanted.clear()
        held = list(self._held)
        over: set[str] = set()
        for start in range(0, len(held), LOOKED_AT_AT_ONCE):
            over |= await self._look_at(held[start : start + LOOKED_AT_AT_ONCE])
        # Last, since it writes, and a write may have to wait.
        living = {each.session_key for each in held} - over
        if living:
            await self._hub.run(partial(sightings.note, living))

    async def _look_at(self, held: Sequence[Identity]) -> set[str]:
        over = await self._hub.run(partial(liveness.ended, held))
        for identity in held:
            if identity.session_key in over:
                self._end(identity)
        return over

    def _end(self, identity: Identity) -> None:
        for on_end in self._held.pop(identity, set()):
            on_end()


def current() -> Watch:
    """
    Return the watch of this process.

    Raises:
        NotServing: If there is none.

    """
    if not _watching:
        raise NotServing
    return _watching[-1]


_watching: list[Watch] = []
