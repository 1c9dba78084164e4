from __future__ import annotations

from typing import TypeVar

from strawberry import UNSET

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """An argument's value, None where it was left out: to us the two are the same."""
    return None if value is UNSET else value
