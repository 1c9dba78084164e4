"""``python -m benchmarks.peers.serve MODULE:APPLICATION PORT``: uvicorn as Anteroom sets it."""

from __future__ import annotations

import sys

import uvicorn

from project.serve import _allow_many_sockets


def main(application: str, port: int) -> None:
    _allow_many_sockets()
    uvicorn.run(
        application,
        port=port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
