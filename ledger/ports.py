"""Ports that nobody's outgoing connection can be given while a server is down."""

from __future__ import annotations

import socket
from random import Random

# Below the range that Linux takes the near end of a connection from. In that range a client
# that calls a dead server's port can even be connected to itself (RFC 9293, 3.5).
_LOWEST, _HIGHEST = 15_000, 32_000
_TRIES = 200


def quiet_port(chance: Random) -> int:
    """A free port on 127.0.0.1 that stays free when its server is ended and started again."""
    for _ in range(_TRIES):
        port = chance.randrange(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("No free port was found.")
