"""Connections on which nothing is waited for without end: not to be read, nor to go on."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Protocol, TimerHandle
from asyncio.transports import Transport

from django.conf import settings

from realtime.conf import limits


class Impatient(Protocol):
    """
    What both protocols do: cut a peer that does not read what is sent to it, and give up one
    that does not finish what it has begun.
    """

    loop: AbstractEventLoop
    transport: Transport
    _cut: TimerHandle | None = None
    _deadline: TimerHandle | None = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._cut_in_time()

    def resume_writing(self) -> None:
        super().resume_writing()
        # Reading a little of what is left buys a closing peer no time for reading the rest.
        if self._is_open:
            self._stop_waiting()

    @property
    def _is_open(self) -> bool:
        return not self.transport.is_closing()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_waiting()
        self._stop_expecting()

    def _cut_in_time(self) -> None:
        if self._cut is None:
            self._cut = self.loop.call_later(limits().send_deadline, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None

    def _expect_in_time(self) -> None:
        """Give the peer ``REQUEST_TIMEOUT`` to finish what it has begun; asked again, no more."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(settings.REQUEST_TIMEOUT, self._give_up)

    def _stop_expecting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        raise NotImplementedError
