"""The table of ``tests.hostile.matrix`` as a page of the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.hostile.matrix import MUTATIONS, QUERIES, STANDINGS, STREAMS, Row

PATH = Path(__file__).parents[2] / "docs" / "reference" / "authorisation.md"

_HEAD = """\
# Who gets what

Every query field, mutation, subscription and plain topic, for everyone. This page is printed from
the table in `tests/hostile/matrix.py` (`python -m tests.hostile.page`), and
`tests/hostile/test_authorisation.py` and `test_streams.py` ask for every cell. A field of the
schema that is not in the table fails the tests.

- `data`: it is answered, done or told.
- `null`: the field is null, and no error says why.
- A code in capitals: a mutation's error type, or `extensions.code` of an error
  ([errors](errors.md)).
- A number: the code with which the socket is closed.

What may not be seen is `null` or `NOT_FOUND`, word for word as if it were not there. `FORBIDDEN` is
what may be seen but not done.

## Who

"""

_ROLES = {name: name.replace("_", " ").replace("readmitted", "re-admitted") for name in STANDINGS}


def text() -> str:
    return "".join(_lines())


def _lines() -> Iterator[str]:
    yield _HEAD
    for name, meaning in STANDINGS.items():
        yield f"- **{_ROLES[name]}**: {meaning}\n"
    yield "\nThe room is one that is entered by request, unless it says open.\n"
    yield from _table("Queries", QUERIES)
    yield "\nWhat lies deeper than a room, a viewer or an event depends on nobody: it is the same\n"
    yield "for everyone who gets it.\n"
    yield from _table("Mutations", MUTATIONS)
    yield from _table("Streams", STREAMS)
    yield "\nSubscriptions answer the same over graphql-transport-ws, server-sent events (begun\n"
    yield "after a cursor, or resumed by `Last-Event-ID`) and multipart: each cell is asked over\n"
    yield "all four.\n"


def _table(title: str, rows: Iterable[Row]) -> Iterator[str]:
    yield f"\n## {title}\n\n"
    yield f"| | {' | '.join(_ROLES.values())} |\n"
    yield f"|{'---|' * (len(_ROLES) + 1)}\n"
    for row in rows:
        name = f"`{row.field}` {row.case}".strip()
        yield f"| {name} | {' | '.join(row.cells)} |\n"


if __name__ == "__main__":
    PATH.write_text(text())
