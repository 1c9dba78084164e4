"""
Closed by default: the rows of ``chat`` change only inside a :func:`change` (G4).

Every way of writing that Django offers ends in one of these doors: a method of
the base manager's query set (``save`` and ``loaddata`` too), or the collector of
deletions, which announces each of its rows by ``pre_delete``. Raw SQL is outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ClassVar, ParamSpec, TypeVar

from django.db import models, transaction
from django.db.models.signals import pre_delete

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)

_change_is_open: ContextVar[bool] = ContextVar("chat_change_is_open", default=False)


class ChangeOutsideChanges(RuntimeError):
    """Something tried to write around ``chat.changes``; its event would have been missing."""

    def __init__(self, model: type[models.Model]) -> None:
        names = ", ".join(f"{name}()" for name in getattr(model, "changed_by", ()))
        super().__init__(
            f"{model.__name__} rows are written only by chat.changes,"
            f" which also tells everyone concerned: call {names}."
        )
        self.model = model


def change(function: Callable[P, R]) -> Callable[P, R]:
    """
    Make ``function`` one change: what it writes and what it publishes commit together.

    Within a transaction it becomes a part of that one. The doors are shut again
    before the commit, so its callbacks find them closed.
    """

    @wraps(function)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction.atomic(), _open():
            return function(*args, **kwargs)

    return whole


@contextmanager
def _open() -> Iterator[None]:
    token = _change_is_open.set(True)
    try:
        yield
    finally:
        _change_is_open.reset(token)


def _require_change(model: type[models.Model]) -> None:
    if not _change_is_open.get():
        raise ChangeOutsideChanges(model)


class GuardedQuerySet(models.QuerySet[M]):
    """Raises ``ChangeOutsideChanges`` instead of writing, unless inside a change."""

    def one(self) -> M | None:
        """The row, where there can be one at most; unlike ``first()`` it puts nothing in order."""
        return next(iter(self[:1]), None)

    def erase(self) -> int:
        """Delete the rows in one statement without loading them; nothing may refer to them."""
        return int(self._raw_delete(self.db))


class Guarded(models.Model):
    """A model whose rows only the functions of ``chat.changes`` named in ``changed_by`` write."""

    changed_by: ClassVar[tuple[str, ...]]

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        pre_delete.connect(_refuse_deletion, sender=cls)


def _refuse_deletion(sender: type[models.Model], **_: Any) -> None:
    _require_change(sender)


def _shut(name: str) -> Callable[..., Any]:
    through = getattr(models.QuerySet, name)

    @wraps(through)
    def door(rows: GuardedQuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        _require_change(rows.model)
        return through(rows, *args, **kwargs)

    return door


for _name in (
    *("create", "get_or_create", "update_or_create", "bulk_create", "_insert"),
    *("update", "bulk_update", "_update"),
    *("delete", "_raw_delete"),
):
    setattr(GuardedQuerySet, _name, _shut(_name))
