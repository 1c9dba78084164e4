"""
Connections: lists in pages, each page found by key.

No page is counted and none is found by skipping rows, so the last page of a long
list costs what the first one does. The key is one integer column that orders the
list and is unique in it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import strawberry
from django.db.models import QuerySet

import chat.errors
from schema.arguments import given

DEFAULT_SIZE = 50
LARGEST_SIZE = 100

_PREFIX = "key:"
_LONGEST = 40

N = TypeVar("N")
Row: TypeAlias = Any


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[N]):
    node: N
    cursor: str


@strawberry.type
class Connection(Generic[N]):
    edges: list[Edge[N]]
    page_info: PageInfo

    @strawberry.field
    def nodes(self) -> list[N]:
        return [edge.node for edge in self.edges]


@dataclass(frozen=True, slots=True)
class Span:
    """Which page is asked for, as a connection's arguments say it."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @classmethod
    def asked(
        cls,
        first: int | None,
        after: str | None,
        last: int | None = None,
        before: str | None = None,
    ) -> Span:
        """The page that these arguments ask for, each of which may be missing."""
        return cls(given(first), given(after), given(last), given(before))

    def newest_unless_said(self) -> Span:
        """This page, or the last one where neither ``first`` nor ``last`` says which."""
        asked = self.first is not None or self.last is not None
        return self if asked else Span(None, self.after, DEFAULT_SIZE, self.before)

    @property
    def is_backward(self) -> bool:
        return self.last is not None

    @property
    def size(self) -> int:
        """
        The number of rows to read.

        Raises:
            Invalid: If it is negative, or both ends are asked for.

        """
        if self.first is not None and self.last is not None:
            raise chat.errors.Invalid("last", "Ask for the first or the last, not for both.")
        size = self.last if self.first is None else self.first
        if size is not None and size < 0:
            field = "last" if self.is_backward else "first"
            raise chat.errors.Invalid(field, "A page has no negative size.")
        return min(DEFAULT_SIZE if size is None else size, LARGEST_SIZE)


def connect(rows: QuerySet[Any], key: str, span: Span, node: Callable[[Row], N]) -> Connection[N]:
    """
    Read one page of ``rows``, ordered by ``key``, and make a node of each.

    A minus before the key, as in ``order_by``, puts the largest first.

    Raises:
        Invalid: If the arguments ask for no page.

    """
    field = key.removeprefix("-")
    found = list(_within(rows, key, span)[: span.size + 1])
    page = found[: span.size]
    is_more = len(found) > span.size
    if span.is_backward:
        page.reverse()
    edges = [Edge(node=node(row), cursor=_cursor(getattr(row, field))) for row in page]
    return Connection(edges=edges, page_info=_page_info(edges, span, is_more=is_more))


def _within(rows: QuerySet[Any], key: str, span: Span) -> QuerySet[Any]:
    field, descends = key.removeprefix("-"), key.startswith("-")
    later, earlier = ("lt", "gt") if descends else ("gt", "lt")
    if span.after is not None:
        rows = rows.filter(**{f"{field}__{later}": _key(span.after, "after")})
    if span.before is not None:
        rows = rows.filter(**{f"{field}__{earlier}": _key(span.before, "before")})
    return rows.order_by(f"-{field}" if span.is_backward != descends else field)


def _page_info(edges: Sequence[Edge[Any]], span: Span, *, is_more: bool) -> PageInfo:
    """
    Tell whether rows lie beyond the page.

    On the side where the page was not cut off, a cursor that was given stands for
    the row it came from (Relay's specification allows that instead of a query).
    """
    return PageInfo(
        has_next_page=span.before is not None if span.is_backward else is_more,
        has_previous_page=is_more if span.is_backward else span.after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )


def _cursor(key: int) -> str:
    return base64.urlsafe_b64encode(f"{_PREFIX}{key}".encode()).decode()


def _key(cursor: str, argument: str) -> int:
    try:
        content = base64.b64decode(cursor[:_LONGEST], altchars=b"-_", validate=True).decode()
        key = int(content.removeprefix(_PREFIX))
    except (binascii.Error, ValueError):
        key = -1
    if not 0 <= key < 2**63 or _cursor(key) != cursor:
        raise chat.errors.Invalid(argument, "This is not a cursor of this list.")
    return key
