"""What is read: exact to the event (G2), and only what the reader may see (G5)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chat import changes, topics
from realtime import epoch, log
from realtime.conf import limits as realtime_limits
from realtime.retention import prune
from schema import ids, views
from tests.clients import Person
from tests.realtime.conftest import connected, restore
from tests.schema.conftest import Inhabited, ask, context_of, create_room, do
from tests.server import Server

DEADLINE = 20.0

MEMBERS = "members(first: 100) { nodes { username } }"
MESSAGES = "messages(last: 100) { nodes { text } }"
ROOM_EVENTS = """
query ($id: ID!, $after: Cursor!, $first: Int) {
roomEvents(roomId: $id, after: $after, first: $first) {
  cursor hasMore events {
    __typename
    ... on Event { cursor }
    ... on MessageSent { message { text } }
    ... on MemberJoined { user { username } }
    ... on MemberLeft { user { username } }
    ... on CursorExpired { reason }
  }
} }
"""
USER_EVENTS = """
query ($after: Cursor!, $first: Int) { userEvents(after: $after, first: $first) {
  cursor hasMore events { __typename ... on Event { cursor } ... on CursorExpired { reason } }
} }
"""


def meanwhile(work: Callable[[], object]) -> None:
    """Commit something in another thread, now."""
    thread = threading.Thread(target=connected(work))
    thread.start()
    thread.join(DEADLINE)
    assert not thread.is_alive()


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
    """Let something be committed each time just before a function of ``schema.views`` reads."""

    def patch(name: str, work: Callable[[], object]) -> None:
        original = getattr(views, name)

        def after_the_work(*args: Any) -> Any:
            meanwhile(work)
            return original(*args)

        monkeypatch.setattr(views, name, after_the_work)

    return patch


def _texts(room: dict[str, Any]) -> list[str]:
    return [each["text"] for each in room["messages"]["nodes"]]


def _events(house: Inhabited, by: User, after: str) -> list[dict[str, Any]]:
    page = ask(ROOM_EVENTS, by=by, id=house.room_id, after=after, first=100)["data"]["roomEvents"]
    assert not page["hasMore"]
    events: list[dict[str, Any]] = page["events"]
    return events


@pytest.mark.parametrize("before", ["connect", "_cursor_now"])
@pytest.mark.parametrize(
    "order", ["eventCursor {0} {1}", "{0} eventCursor {1}", "{1} {0} eventCursor"]
)
@pytest.mark.parametrize("reader", ["alice", "bob"])
def test_what_is_committed_while_a_query_reads_is_after_its_cursor(
    house: Inhabited, between: Any, before: str, order: str, reader: str
) -> None:
    """G2: the response shows all changes up to its cursor and none after it."""
    person: User = getattr(house, reader)
    number = iter(range(100))

    def write() -> None:
        house.said(f"meanwhile {next(number)}")
        changes.join_open_room(house.lobby, user=house.dave) if not house.lobby.memberships.of(
            house.dave
        ).exists() else None

    house.said("before")
    between(before, write)
    fields = order.format(MESSAGES, MEMBERS)
    query = f"query ($id: ID!) {{ room(id: $id) {{ {fields} }} }}"
    room = ask(query, by=person, id=house.room_id)["data"]["room"]

    assert _texts(room) == ["before"]
    told = [each["message"]["text"] for each in _events(house, person, room["eventCursor"])]
    assert told == [f"meanwhile {each}" for each in range(next(number))]
    assert told


@pytest.mark.parametrize(
    ("before", "order"),
    [("connect", "eventCursor {0} {1}"), ("_cursor_now", "{1} {0} eventCursor")],
)
def test_what_concerns_the_viewer_meanwhile_is_after_the_viewers_cursor(
    house: Inhabited, between: Any, before: str, order: str
) -> None:
    """G2"""
    done: list[object] = []

    def write() -> None:
        if not done:
            done.append(changes.admit(house.asked, by=house.alice))

    between(before, write)
    fields = order.format("rooms { nodes { title } }", "joinRequests { nodes { status } }")
    viewer = ask(f"{{ viewer {{ {fields} }} }}", by=house.carol)["data"]["viewer"]

    assert viewer["rooms"]["nodes"] == []
    assert viewer["joinRequests"]["nodes"] == [{"status": "PENDING"}]
    page = ask(USER_EVENTS, by=house.carol, after=viewer["eventCursor"])["data"]["userEvents"]
    assert [each["__typename"] for each in page["events"]] == ["JoinRequestAdmitted", "RoomJoined"]


PAYLOAD = f"... on RenameRoomSuccess {{ room {{ title {MESSAGES} eventCursor }} }}"


def test_a_payload_is_exact_and_read_after_its_own_change(house: Inhabited, between: Any) -> None:
    """G2 in mutations: each payload is one moment, after its change and before the next."""
    number = iter(range(100))
    between("_cursor_now", lambda: house.said(f"meanwhile {next(number)}"))

    answer = ask(
        "mutation ($id: ID!) {"
        f' one: renameRoom(input: {{roomId: $id, title: "One"}}) {{ {PAYLOAD} }}'
        f' two: renameRoom(input: {{roomId: $id, title: "Two"}}) {{ {PAYLOAD} }} }}',
        by=house.alice,
        id=house.room_id,
    )["data"]

    one, two = answer["one"]["room"], answer["two"]["room"]
    assert (one["title"], two["title"]) == ("One", "Two")
    assert (_texts(one), _texts(two)) == ([], ["meanwhile 0"])
    after_one = _events(house, house.alice, one["eventCursor"])
    after_two = _events(house, house.alice, two["eventCursor"])
    told = ["MessageSent", "RoomRenamed", "MessageSent"]
    assert [each["__typename"] for each in after_one] == told
    assert [each["message"]["text"] for each in after_two] == ["meanwhile 1"]


def test_the_payload_of_a_refused_change_does_not_keep_the_next_from_being_read(
    house: Inhabited,
) -> None:
    answer = ask(
        "mutation ($id: ID!) {"
        f' one: renameRoom(input: {{roomId: $id, title: ""}}) {{ __typename {PAYLOAD} }}'
        f' two: renameRoom(input: {{roomId: $id, title: "Two"}}) {{ {PAYLOAD} }} }}',
        by=house.alice,
        id=house.room_id,
    )["data"]

    assert answer["one"] == {"__typename": "InvalidInput"}
    assert answer["two"]["room"]["title"] == "Two"


def test_a_query_holds_up_no_writer(house: Inhabited, between: Any) -> None:
    """A read under SQLite takes no write lock: else ``meanwhile`` would not end."""
    between("_cursor_now", lambda: house.said("not held up"))

    assert "errors" not in ask("{ viewer { eventCursor } }", by=house.alice)


# Who sees what

SECRETS = "query ($id: ID!) { room(id: $id) { viewerRole joinCode joinRequests { nodes { id } } } }"


def test_only_the_owner_sees_the_code_and_who_asks_to_come_in(house: Inhabited) -> None:
    owners = ask(SECRETS, by=house.alice, id=house.room_id)["data"]["room"]
    members = ask(SECRETS, by=house.bob, id=house.room_id)["data"]["room"]

    assert owners == {
        "viewerRole": "OWNER",
        "joinCode": house.room.join_code,
        "joinRequests": {"nodes": [{"id": house.request_id}]},
    }
    assert members == {"viewerRole": "MEMBER", "joinCode": None, "joinRequests": None}


@pytest.mark.parametrize("who", ["carol", "dave", "nobody"])
def test_from_outside_a_room_looks_like_no_room(house: Inhabited, who: str) -> None:
    """G5"""
    person = None if who == "nobody" else getattr(house, who)
    nothing = ids.encode("Room", 999_999)

    for query in ("query ($id: ID!) { room(id: $id) { id } }", ROOM_EVENTS):
        hidden = ask(query, by=person, id=house.room_id, after="x")
        assert hidden == ask(query, by=person, id=nothing, after="x")
        assert set(hidden["data"].values()) == {None}


def _ids(house: Inhabited) -> dict[str, str]:
    message = changes.send_message(house.room, sender=house.alice, text="Hello")
    people = {name: getattr(house, name) for name in ("alice", "bob", "carol", "dave")}
    return {
        **{name: ids.encode("User", person.pk) for name, person in people.items()},
        "the room": house.room_id,
        "the lobby": house.lobby_id,
        "the message": ids.encode("Message", message.pk),
        "the request": house.request_id,
    }


# Alice owns room and lobby, Bob is in the room, Carol asks to come in, Dave is a stranger.
SEEN = {
    "alice": {"alice", "bob", "carol", "the room", "the lobby", "the message", "the request"},
    "bob": {"alice", "bob", "the room", "the message"},
    "carol": {"carol", "the request"},
    "dave": {"dave"},
    "nobody": set(),
}


@pytest.mark.parametrize("who", SEEN)
def test_a_node_is_seen_by_those_who_may_see_it(house: Inhabited, who: str) -> None:
    """G5"""
    person = None if who == "nobody" else getattr(house, who)
    query = "query ($id: ID!) { node(id: $id) { id __typename } }"

    found = {
        name: ask(query, by=person, id=node_id)["data"]["node"]
        for name, node_id in _ids(house).items()
    }

    assert {name for name, node in found.items() if node} == SEEN[who]
    assert {node["id"] for node in found.values() if node} == {
        _ids(house)[n] for n in SEEN[who] if n != "the message"
    } | ({found["the message"]["id"]} if found["the message"] else set())


def test_who_was_denied_or_left_is_not_seen_any_more(house: Inhabited) -> None:
    query = "query ($id: ID!) { node(id: $id) { id } }"
    bob, carol = (ids.encode("User", each.pk) for each in (house.bob, house.carol))
    changes.deny(house.asked, by=house.alice)
    changes.leave_room(house.room.memberships.get(user=house.bob))

    assert ask(query, by=house.alice, id=carol)["data"]["node"] is None
    assert ask(query, by=house.alice, id=bob)["data"]["node"] is None
    assert ask(query, by=house.bob, id=house.room_id)["data"]["node"] is None


@pytest.mark.parametrize(
    "node_id",
    [
        "",
        "x",
        ids.encode("Nothing", 1),
        ids.encode("RoomPreview", 1),
        ids.encode("Room", 2**63),
        ids.encode("Session", 1),
    ],
)
def test_an_id_of_nothing_is_null(house: Inhabited, node_id: str) -> None:
    assert ask("query ($id: ID!) { node(id: $id) { id } }", by=house.alice, id=node_id) == {
        "data": {"node": None}
    }


def test_a_code_shows_the_door_and_no_more(house: Inhabited) -> None:
    query = (
        "query ($code: String!) { roomPreview(joinCode: $code)"
        " { id roomId title owner { username } } }"
    )

    preview = ask(query, by=house.dave, code=house.room.join_code)["data"]["roomPreview"]

    assert preview["roomId"] == house.room_id
    assert preview["id"] != preview["roomId"]
    assert (preview["title"], preview["owner"]) == ("Room", {"username": "alice"})
    assert ask(query, by=house.dave, code="unknown")["data"]["roomPreview"] is None
    changes.rotate_join_code(house.room)
    assert ask(query, by=house.dave, code=house.room.join_code)["data"]["roomPreview"] is None


def test_who_is_signed_out_sees_null_and_is_told_to_sign_in(house: Inhabited) -> None:
    nulls = '{ viewer { user { id } } room(id: "") { id } userEvents(after: "") { cursor } }'

    assert ask(nulls, by=None) == {"data": {"viewer": None, "room": None, "userEvents": None}}
    for query in ("{ openRooms { nodes { id } } }", '{ roomPreview(joinCode: "x") { id } }'):
        (error,) = ask(query, by=None)["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("%", "100%"),
        ("_", "a_b"),
        ("A_B", "a_b"),
        ("é", "café"),
        ("\\", "\\"),
        ("x" * 50, "x" * 50),
    ],
)
def test_a_search_finds_a_text_and_is_no_pattern(house: Inhabited, search: str, found: str) -> None:
    for title in ("100%", "a_b", "aXb", "café", "\\", "x" * 50):
        changes.create_room(owner=house.alice, title=title, access=house.OPEN)
    query = "query ($x: String) { openRooms(search: $x) { nodes { title } } }"

    answer = ask(query, by=house.dave, x=search)["data"]["openRooms"]["nodes"]

    assert [room["title"] for room in answer] == [found]


@pytest.mark.parametrize("length", [51, 100_000])
def test_a_search_for_more_than_a_title_holds_finds_nothing(house: Inhabited, length: int) -> None:
    """SQLite's LIKE fails on patterns of 50,000 bytes."""
    query = "query ($x: String) { openRooms(search: $x) { nodes { title } } }"

    assert ask(query, by=house.dave, x="x" * length) == {"data": {"openRooms": {"nodes": []}}}


def test_only_open_rooms_are_listed(house: Inhabited) -> None:
    rooms = ask("{ openRooms { nodes { title access } } }", by=house.dave)["data"]["openRooms"][
        "nodes"
    ]

    assert rooms == [{"title": "Lobby", "access": "OPEN"}]


def test_requests_are_listed_by_status(house: Inhabited) -> None:
    changes.deny(house.asked, by=house.alice)
    changes.request_to_join(house.room, user=house.carol)
    query = (
        "query ($s: JoinRequestStatus) { viewer { joinRequests(status: $s)"
        " { nodes { status decidedAt } } } }"
    )

    def listed(**variables: Any) -> list[dict[str, Any]]:
        nodes: list[dict[str, Any]] = ask(query, by=house.carol, **variables)["data"]["viewer"][
            "joinRequests"
        ]["nodes"]
        return nodes

    assert (
        listed()
        == listed(s=None)
        == listed(s="PENDING")
        == [{"status": "PENDING", "decidedAt": None}]
    )
    (denied,) = listed(s="DENIED")
    assert denied["decidedAt"] is not None
    assert listed(s="ADMITTED") == []


def test_the_session_that_asks_is_the_current_one(house: Inhabited) -> None:
    _ = context_of(house.alice), context_of(house.bob)
    query = "{ viewer { sessions { id userAgent current createdAt lastSeenAt } } }"

    sessions = ask(query, by=house.alice)["data"]["viewer"]["sessions"]

    assert [each["current"] for each in sessions] == [True, False]
    assert {each["userAgent"] for each in sessions} == {"Tests"}


# Pulling


def _cursor(house: Inhabited, by: User) -> str:
    query = "query ($id: ID!) { room(id: $id) { eventCursor } }"
    cursor: str = ask(query, by=by, id=house.room_id)["data"]["room"]["eventCursor"]
    return cursor


def _pull(house: Inhabited, by: User, after: str, **arguments: Any) -> dict[str, Any]:
    page: dict[str, Any] = ask(ROOM_EVENTS, by=by, id=house.room_id, after=after, **arguments)[
        "data"
    ]["roomEvents"]
    return page


def test_pulling_page_by_page_gives_every_event_once(house: Inhabited) -> None:
    """G1, G2"""
    cursor = _cursor(house, house.bob)
    for number in range(7):
        house.said(str(number))

    texts, sizes, more = [], [], True
    while more:
        page = _pull(house, house.bob, cursor, first=3)
        texts += [each["message"]["text"] for each in page["events"]]
        sizes.append(len(page["events"]))
        assert page["cursor"] == page["events"][-1]["cursor"]
        cursor, more = page["cursor"], page["hasMore"]

    assert texts == [str(number) for number in range(7)]
    assert sizes == [3, 3, 1]
    assert _pull(house, house.bob, cursor) == {"cursor": cursor, "hasMore": False, "events": []}


def test_a_page_of_events_has_fifty_by_default_and_a_hundred_at_most(house: Inhabited) -> None:
    cursor = _cursor(house, house.bob)
    for number in range(101):
        house.said(str(number))

    sizes = [
        len(_pull(house, house.bob, cursor, **first)["events"])
        for first in ({}, {"first": 500}, {"first": 0})
    ]

    assert sizes == [50, 100, 0]
    assert _pull(house, house.bob, cursor, first=0)["hasMore"]
    (error,) = ask(ROOM_EVENTS, by=house.bob, id=house.room_id, after=cursor, first=-1)["errors"]
    assert error["extensions"] == {"code": "INVALID", "field": "first"}


def test_a_cursor_that_is_not_for_these_events_is_invalid(house: Inhabited) -> None:
    cursor = _cursor(house, house.bob)
    for by, after in (
        (house.bob, "x"),
        (house.bob, ""),
        (house.alice, cursor),
        (house.bob, cursor[:-1]),
    ):
        (error,) = ask(ROOM_EVENTS, by=by, id=house.room_id, after=after)["errors"]
        assert error["extensions"] == {"code": "INVALID", "field": "after"}
    (error,) = ask(USER_EVENTS, by=house.bob, after=cursor)["errors"]
    assert error["extensions"] == {"code": "INVALID", "field": "after"}


def _expired(reason: str, cursor: str) -> dict[str, Any]:
    return {
        "cursor": cursor,
        "hasMore": False,
        "events": [{"__typename": "CursorExpired", "reason": reason}],
    }


def test_a_cursor_whose_events_are_pruned_has_expired(house: Inhabited) -> None:
    """G8: and no part of what is left is given."""
    cursor = _cursor(house, house.bob)
    for number in range(3):
        house.said(str(number))
    prune(before=timezone.now(), keep=1)

    assert _pull(house, house.bob, cursor) == _expired("RETENTION", cursor)


def test_a_cursor_of_another_history_has_expired(house: Inhabited) -> None:
    """G8"""
    cursor = _cursor(house, house.bob)
    epoch.rotate(log.marks([]).epoch)

    assert _pull(house, house.bob, cursor) == _expired("EPOCH", cursor)


def test_a_cursor_ahead_of_a_restored_database_has_expired(house: Inhabited) -> None:
    """G8"""
    house.said("lost")
    cursor = _cursor(house, house.bob)
    topic = topics.room(house.room.pk)
    restore(topic, log.marks([topic])[topic].head - 1)

    assert _pull(house, house.bob, cursor) == _expired("AHEAD", cursor)


def test_a_cursor_too_far_behind_has_expired(house: Inhabited, settings: Any) -> None:
    """G8"""
    cursor = _cursor(house, house.bob)
    for number in range(3):
        house.said(str(number))
    settings.REALTIME = {"replay_limit": 2}
    realtime_limits.cache_clear()
    try:
        assert _pull(house, house.bob, cursor) == _expired("TOO_FAR", cursor)
    finally:
        realtime_limits.cache_clear()


def test_a_removed_member_pulls_nothing(house: Inhabited) -> None:
    """G5"""
    cursor = _cursor(house, house.bob)
    house.said("once his")
    outcome = do(
        "removeMember",
        by=house.alice,
        roomId=house.room_id,
        userId=ids.encode("User", house.bob.pk),
    )

    assert outcome["__typename"] == "RemoveMemberSuccess"
    assert _pull(house, house.bob, cursor) is None


FIELDS = """
  __typename
  ... on Event { cursor occurredAt }
  ... on MessageSent { clientMutationId message { id databaseId text postedAt sender { username }
    room { id title } } }
  ... on MemberJoined { user { id username firstName lastName } }
  ... on RoomRenamed { room { id roomId title access owner { username } } }
"""
AFTER = "roomEvents(roomId: $id, after: $after)"
PULLED = f"query ($id: ID!, $after: Cursor!) {{ {AFTER} {{ events {{ {FIELDS} }} }} }}"
FOLLOWED = f"subscription ($id: ID!, $after: Cursor) {{ {AFTER} {{ {FIELDS} }} }}"


async def test_what_is_pulled_is_what_is_streamed(
    server: Server, alice: Person, bob: Person
) -> None:
    room = await create_room(alice)
    await bob.do("joinRoom", roomId=room["id"])
    joined = await bob.ask("query ($id: ID!) { room(id: $id) { eventCursor } }", id=room["id"])
    cursor = joined["room"]["eventCursor"]
    await bob.do("sendMessage", roomId=room["id"], text="One 😀\n", clientMutationId="1")
    await alice.do("renameRoom", roomId=room["id"], title="Another")
    await alice.do("sendMessage", roomId=room["id"], text="Two")

    pulled = (await bob.ask(PULLED, id=room["id"], after=cursor))["roomEvents"]["events"]
    streamed = []
    async with bob.socket() as socket:
        await socket.subscribe("1", FOLLOWED, id=room["id"], after=cursor)
        while (event := (await socket.next("1"))["roomEvents"])["__typename"] != "CaughtUp":
            streamed.append(event)

    assert [each["__typename"] for each in pulled] == ["MessageSent", "RoomRenamed", "MessageSent"]
    assert streamed == pulled
