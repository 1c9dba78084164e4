"""Connections: whoever walks the pages sees the whole list, each row once."""

from __future__ import annotations

import base64
from itertools import chain, pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chat.errors
from chat import changes
from schema.connections import Connection, Span, connect
from tests.schema.conftest import Inhabited, ask

ROWS = 30
KEYS = st.sampled_from(["pk", "-pk"])

people_once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def people(db: None) -> list[int]:
    User.objects.bulk_create(User(username=f"person-{number}") for number in range(ROWS))
    return list(User.objects.order_by("pk").values_list("pk", flat=True))


def _page(pks: list[int], span: Span, key: str = "pk") -> Connection[int]:
    rows: QuerySet[Any] = User.objects.filter(pk__in=pks)
    return connect(rows, key, span, lambda person: person.pk)


def _in_order(pks: set[int], key: str) -> list[int]:
    return sorted(pks, reverse=key == "-pk")


def _walk(pks: list[int], key: str, size: int, *, forward: bool) -> list[list[int]]:
    pages: list[list[int]] = []
    cursor = None
    while True:
        span = Span(first=size, after=cursor) if forward else Span(last=size, before=cursor)
        page = _page(pks, span, key)
        info = page.page_info
        pages.append(page.nodes())
        assert len(pages) <= len(pks) + 1
        assert (info.has_previous_page if forward else info.has_next_page) == (cursor is not None)
        if not (info.has_next_page if forward else info.has_previous_page):
            return pages
        cursor = info.end_cursor if forward else info.start_cursor


@people_once
@given(data=st.data(), key=KEYS, size=st.integers(1, ROWS + 2))
def test_walking_forward_gives_everything_once_and_in_order(
    people: list[int], data: st.DataObject, key: str, size: int
) -> None:
    pks = _in_order(data.draw(st.sets(st.sampled_from(people))), key)

    pages = _walk(pks, key, size, forward=True)

    assert list(chain.from_iterable(pages)) == pks
    assert all(len(page) == size for page in pages[:-1])


@people_once
@given(data=st.data(), key=KEYS, size=st.integers(1, ROWS + 2))
def test_walking_backward_gives_everything_once_and_each_page_in_order(
    people: list[int], data: st.DataObject, key: str, size: int
) -> None:
    pks = _in_order(data.draw(st.sets(st.sampled_from(people))), key)

    pages = _walk(pks, key, size, forward=False)

    assert list(chain.from_iterable(reversed(pages))) == pks
    assert all(len(page) == size for page in pages[:-1])


@people_once
@given(data=st.data(), key=KEYS, size=st.integers(0, ROWS), backward=st.booleans())
def test_a_page_between_two_cursors_holds_only_what_lies_between(
    people: list[int], data: st.DataObject, key: str, size: int, backward: bool
) -> None:
    ends = data.draw(st.tuples(*[st.sampled_from(people)] * 2))
    low, high = min(ends), max(ends)
    one, other = (low, high) if key == "pk" else (high, low)
    cursors = {edge.node: edge.cursor for edge in _page(people, Span(first=ROWS)).edges}
    between = _in_order({pk for pk in people if low < pk < high}, key)

    span = Span(
        after=cursors[one], before=cursors[other], **{"last" if backward else "first": size}
    )
    found = _page(people, span, key).nodes()

    assert found == (between[max(0, len(between) - size) :] if backward else between[:size])


def test_a_page_of_none_is_empty_and_says_that_there_is_more(people: list[int]) -> None:
    page = _page(people, Span(first=0))

    assert page.edges == []
    assert page.page_info.has_next_page
    assert page.page_info.start_cursor is page.page_info.end_cursor is None


@pytest.mark.parametrize("field", ["after", "before"])
@pytest.mark.parametrize(
    "cursor",
    [
        *(
            "",
            " ",
            "0",
            "key:1",
            "a2V5OjE",
            "a2V5OjE= ",
            "a2V5OjE=\n",
            "%00",
            "é",
            "\ud800",
            "=" * 8,
        ),
        *(
            base64.urlsafe_b64encode(content.encode()).decode()
            for content in ("key:", "key:-1", "key:01", "key:+1", "key: 1", "key:1_0", "1", "Key:1")
        ),
        base64.urlsafe_b64encode(f"key:{2**63}".encode()).decode(),
        base64.urlsafe_b64encode(b"key:" + b"9" * 5000).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "a2V5OjE=" * 10_000,
    ],
    ids=lambda cursor: ascii(cursor[:30]),
)
def test_what_is_no_cursor_is_invalid_and_named(people: list[int], field: str, cursor: str) -> None:
    with pytest.raises(chat.errors.Invalid) as refused:
        _page(people, Span(**{field: cursor}))

    assert refused.value.field == field


@given(st.text())
def test_no_text_breaks_a_page(text: str) -> None:
    rows: QuerySet[Any] = User.objects.none()
    try:
        connect(rows, "pk", Span(after=text), lambda row: row)
    except chat.errors.Invalid:
        return


@pytest.mark.parametrize(
    ("span", "field"),
    [
        (Span(first=-1), "first"),
        (Span(last=-1), "last"),
        (Span(first=-(2**31)), "first"),
        (Span(first=1, last=1), "last"),
        (Span(first=0, last=0), "last"),
    ],
    ids=str,
)
def test_what_asks_for_no_page_is_invalid_and_named(
    people: list[int], span: Span, field: str
) -> None:
    with pytest.raises(chat.errors.Invalid) as refused:
        _page(people, span)

    assert refused.value.field == field


MESSAGES = """
query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  room(id: $id) { messages(first: $first, after: $after, last: $last, before: $before) {
    nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""


def _messages(house: Inhabited, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    answer = ask(MESSAGES, by=house.bob, id=house.room_id, **arguments)
    messages = answer["data"]["room"]["messages"]
    return [each["text"] for each in messages["nodes"]], messages["pageInfo"]


@pytest.fixture
def talkative(house: Inhabited) -> Inhabited:
    """A room in which "0" to "119" was said."""
    for number in range(120):
        changes.send_message(house.room, sender=house.alice, text=str(number))
    return house


def test_messages_begin_with_the_newest_page_in_event_order(talkative: Inhabited) -> None:
    said = [str(number) for number in range(120)]

    newest, info = _messages(talkative)
    older, older_info = _messages(talkative, before=info["startCursor"])
    oldest, oldest_info = _messages(talkative, before=older_info["startCursor"])

    assert oldest + older + newest == said
    assert [len(oldest), len(older), len(newest)] == [20, 50, 50]
    assert not info["hasNextPage"]
    assert info["hasPreviousPage"]
    assert not oldest_info["hasPreviousPage"]


def test_a_page_holds_no_more_than_a_hundred(talkative: Inhabited) -> None:
    assert len(_messages(talkative, first=101)[0]) == 100
    assert len(_messages(talkative, last=2**31 - 1)[0]) == 100
    assert _messages(talkative, first=2)[0] == ["0", "1"]
    assert _messages(talkative, last=2)[0] == ["118", "119"]
    assert _messages(talkative, first=0)[0] == []


def test_arguments_that_are_null_are_arguments_left_out(talkative: Inhabited) -> None:
    given = dict.fromkeys(("first", "after", "last", "before"))

    assert _messages(talkative, **given) == _messages(talkative)


def test_every_list_has_fifty_by_default_and_a_hundred_at_most(house: Inhabited) -> None:
    for number in range(101):
        room = changes.create_room(owner=house.dave, title=f"Open {number}", access=house.OPEN)
        changes.join_open_room(room, user=house.bob)

    for field in ("viewer { rooms%s { nodes { id } } }", "openRooms%s { nodes { id } }"):
        sizes = []
        for arguments in ("", "(first: 500)"):
            data = ask("{ " + field % arguments + " }", by=house.bob)["data"]
            nodes = (data.get("openRooms") or data["viewer"]["rooms"])["nodes"]
            sizes.append(len(nodes))
        assert sizes == [50, 100]


@pytest.mark.parametrize(
    ("field", "argument"),
    [
        ("viewer { rooms(first: -1) { nodes { id } } }", "first"),
        ('viewer { rooms(after: "x") { nodes { id } } }', "after"),
        ('viewer { joinRequests(after: "x") { nodes { id } } }', "after"),
        ('openRooms(after: "x") { nodes { id } }', "after"),
        ("room(id: $id) { members(first: -1) { nodes { id } } }", "first"),
        ('room(id: $id) { messages(before: "x") { nodes { id } } }', "before"),
        ("room(id: $id) { messages(last: -1) { nodes { id } } }", "last"),
        ("room(id: $id) { messages(first: 1, last: 1) { nodes { id } } }", "last"),
        ('room(id: $id) { joinRequests(after: "x") { nodes { id } } }', "after"),
    ],
)
def test_an_argument_that_asks_for_no_page_is_an_error_that_names_it(
    house: Inhabited, field: str, argument: str
) -> None:
    declared = "query ($id: ID!)" if "$id" in field else "query"
    answer = ask(f"{declared} {{ {field} }}", by=house.alice, id=house.room_id)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID"
    assert error["extensions"]["field"] == argument


def test_the_cursors_of_a_page_come_one_after_the_other(talkative: Inhabited) -> None:
    query = (
        "query ($id: ID!) { room(id: $id) { messages { edges { cursor node { databaseId } } } } }"
    )
    edges = ask(query, by=talkative.bob, id=talkative.room_id)["data"]["room"]["messages"]["edges"]

    for one, next_one in pairwise(edges):
        texts, _ = _messages(talkative, first=1, after=one["cursor"])
        assert len(texts) == 1
        assert next_one["node"]["databaseId"] > one["node"]["databaseId"]
