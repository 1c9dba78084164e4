"""
``python -m benchmarks.collector FILE``: the server, with a clock on its garbage collector.

A profiler sees a collection as the work of whoever happened to allocate when it was due.
"""

from __future__ import annotations

import gc
import mmap
import struct
import sys
from pathlib import Path
from time import thread_time

from project import serve

_SECONDS = struct.Struct("d")


def main(path: Path) -> None:
    """Serve, and keep the seconds of CPU that collections have taken in the file."""
    path.write_bytes(_SECONDS.pack(0.0))
    with path.open("rb+") as file:
        _watch(mmap.mmap(file.fileno(), _SECONDS.size))
    serve.main()


def seconds(path: Path) -> float:
    (found,) = _SECONDS.unpack(path.read_bytes())
    return float(found)


def _watch(total: mmap.mmap) -> None:
    began = 0.0

    def on_collection(phase: str, _: object) -> None:
        nonlocal began
        if phase == "start":
            began = thread_time()
        else:
            (before,) = _SECONDS.unpack(total[:])
            total[:] = _SECONDS.pack(before + thread_time() - began)

    gc.callbacks.append(on_collection)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
