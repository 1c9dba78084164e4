"""Limits: a frozen dataclass of defaults, overridden by a dictionary in Django's settings."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    L = TypeVar("L", bound=DataclassInstance)


def configured(limits: type[L], setting: str) -> L:
    """
    Return the limits with what ``setting`` says of them.

    Raises:
        ImproperlyConfigured: If it names something that is not a limit.

    """
    chosen: dict[str, Any] = getattr(settings, setting, {})
    unknown = sorted(set(chosen) - {field.name for field in fields(limits)})
    if unknown:
        raise ImproperlyConfigured(f"settings.{setting} has no limit named {', '.join(unknown)}.")
    return limits(**chosen)
