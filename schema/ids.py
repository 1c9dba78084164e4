"""Global ids: opaque text that names a type and a row."""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from strawberry import ID

_LONGEST = 80
_CONTENT = re.compile(rb"([A-Za-z]+):(0|[1-9][0-9]{0,18})")


class GlobalId(NamedTuple):
    typename: str
    row_id: int


def encode(typename: str, row_id: int) -> ID:
    return ID(base64.b64encode(f"{typename}:{row_id}".encode()).decode())


def decode(text: str) -> GlobalId | None:
    """What :func:`encode` was given, or nothing if ``text`` did not come from it."""
    if len(text) > _LONGEST:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _CONTENT.fullmatch(content)
    if found is None or encode(found[1].decode(), int(found[2])) != text:
        return None
    return GlobalId(found[1].decode(), int(found[2]))


def row_id(text: str, typename: str) -> int | None:
    """The row of an id of just this type, or nothing."""
    found = decode(text)
    return found.row_id if found is not None and found.typename == typename else None
