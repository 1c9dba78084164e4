"""Many values as one query parameter, so that there may be any number."""

from __future__ import annotations

import json
from collections.abc import Collection

from django.db import connection
from django.db.models.expressions import RawSQL


def members_of(texts: Collection[str]) -> RawSQL:
    """
    Return what stands on the right of ``__in`` for any number of ``texts``.

    One is asked for as one: of an array PostgreSQL does not know how much it will hold, and plans
    anew each time, for longer than the rest takes (0.9 ms for who is asking, to 0.25).
    """
    if len(texts) == 1:
        return RawSQL("%s", list(texts))
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::text[])", [list(texts)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(texts))])
