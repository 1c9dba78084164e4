"""The epoch: which history the offsets belong to."""

from __future__ import annotations

import secrets
from typing import Any

from realtime.models import EpochRow


def ensure(**_: Any) -> None:
    """Begin a history if the database has none; connected to ``post_migrate``."""
    EpochRow.objects.get_or_create(id=1, defaults={"value": _new()})


def rotate(old: str | None = None) -> str:
    """
    Begin a new history, so that every cursor given out before becomes invalid.

    With ``old``, only if that is still the current epoch: of many processes that
    notice the same restore, one rotates. Returns the epoch that now holds.
    """
    current = EpochRow.objects.filter(id=1)
    (current if old is None else current.filter(value=old)).update(value=_new())
    return current.values_list("value", flat=True).get()


def _new() -> str:
    return secrets.token_urlsafe(9)
