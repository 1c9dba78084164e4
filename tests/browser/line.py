"""A network that can be cut and mended while a browser uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

from ledger.proxy import Proxy


class Line:
    """The ledger's proxy in a thread of its own, at ``http`` for a server on ``target``."""

    def __init__(self, port: int, target: int) -> None:
        self.http = f"http://127.0.0.1:{port}"
        self._proxy = Proxy(port, target)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self.mend()

    def cut(self) -> None:
        """Reset what is connected, and refuse everybody until :meth:`mend`."""
        self._do(_later(self._proxy.close))

    def mend(self) -> None:
        self._do(self._proxy.open())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, deed: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(deed, self._loop).result(timeout=10)


async def _later(deed: Callable[[], None]) -> None:
    deed()
