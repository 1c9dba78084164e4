"""Limits: a frozen dataclass of defaults, overridden by a dictionary in Django's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    L = TypeVar("L", bound=DataclassInstance)


def configured(limits: type[L], setting: str) -> L:
    """
    Return the limits with what ``setting`` says of them.

    A limit is of its default's type: a count, a number or a switch.

    Raises:
        ImproperlyConfigured: If it names something that is not a limit, or sets one to
            what it cannot be.

    """
    chosen = getattr(settings, setting, {})
    if not isinstance(chosen, Mapping):
        raise ImproperlyConfigured(f"settings.{setting} must be a dictionary.")
    known = {field.name: field for field in fields(limits)}
    unknown = sorted(str(name) for name in chosen if name not in known)
    if unknown:
        raise ImproperlyConfigured(f"settings.{setting} has no limit named {', '.join(unknown)}.")
    for name, value in chosen.items():
        _check(f"settings.{setting}[{name!r}]", value, known[name])
    return limits(**chosen)


def _check(what: str, value: object, limit: Field[Any]) -> None:
    expected, is_possible = _KINDS[type(limit.default)]
    if not is_possible(value):
        raise ImproperlyConfigured(f"{what} = {value!r} must be {expected}.")


def _is_number(value: object) -> bool:
    # True is an int, and what is compared with NaN is false.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf


_KINDS: dict[type, tuple[str, Callable[[object], bool]]] = {
    int: ("a whole number from 1", lambda value: isinstance(value, int) and _is_number(value)),
    float: ("a number above 0", _is_number),
    bool: ("True or False", lambda value: isinstance(value, bool)),
}
