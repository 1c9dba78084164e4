"""What is rendered once for many: nothing that depends on one of them."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from typing import Any, cast
from weakref import ref

import msgspec
import pytest
import strawberry
from django.contrib.auth.models import User
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    extend_schema,
    get_named_type,
    is_composite_type,
    parse,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.authentication import Identity
from chat import events as told
from chat import following
from chat.models import JoinRequest, Room
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime.delivery import CaughtUp, Delivery
from realtime.event import Event
from realtime.follower import Expired, Item, Revoked
from realtime.position import Expiry
from schema import requests, sharing, subscribing, trusted_documents
from schema.api import core
from schema.context import Info
from schema.requests import Operation, Request, RequestError
from schema.sharing import Form, fields_of_events, form_of, recalled_form, selection_of
from schema.subscribing import Subscription
from schema.transports import NobodyAsks, NobodyContext, StreamContext
from schema.trusted_documents import TrustedDocuments, hash_of

AT = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]
Composite = GraphQLObjectType | GraphQLInterfaceType


@strawberry.type
class Thing:
    plain: str

    @strawberry.field
    def secret(self, info: Info) -> str:
        return info.context.viewer.username


@strawberry.type
class Things:
    @strawberry.subscription
    async def things(self) -> AsyncGenerator[Thing, None]:
        yield Thing(plain="x")


@strawberry.type
class Nothing:
    nothing: str = ""


asking = strawberry.Schema(query=Nothing, subscription=Things)
"""A schema in which a field wants to know who asks."""


def composites(schema: GraphQLSchema) -> list[Composite]:
    return [
        each
        for name, each in schema.type_map.items()
        if isinstance(each, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
    ]


def schema_in_which_anything_may_be_told() -> GraphQLSchema:
    """Ours, with every object type among the events of a room."""
    members = {each.name for each in cast("Any", core.type_map["RoomEvent"]).types}
    objects = [each.name for each in composites(core) if isinstance(each, GraphQLObjectType)]
    others = " | ".join(name for name in objects if name not in members)
    return extend_schema(core, parse(f"extend union RoomEvent = {others}"), assume_valid=True)


PERMISSIVE = schema_in_which_anything_may_be_told()


def operation(text: str, **variables: Any) -> Operation:
    """An operation that nobody has judged."""
    document = parse(text)
    definition = cast("OperationDefinitionNode", document.definitions[0])
    return Operation(Request(text, variables), document, definition)


def prepared(text: str, name: str | None = None, **variables: Any) -> Operation:
    return requests.prepare(Request(text, variables, name))


def form(text: str, name: str | None = None, **variables: Any) -> Form:
    found = form_of(prepared(text, name, **variables))
    assert found is not None
    return found


# Which fields


def test_an_operation_is_shareable_with_the_fields_of_events_and_with_no_other() -> None:
    """G5: every field of every type of the schema, one by one."""
    wrong, looked_at = [], set()
    for kind in composites(PERMISSIVE):
        for name, field in kind.fields.items():
            inner = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
            text = (
                'subscription { roomEvents(roomId: "x")'
                f" {{ __typename ... on {kind.name} {{ {name}{inner} }} }} }}"
            )
            is_shareable = selection_of(operation(text), PERMISSIVE).is_shareable
            looked_at.add((kind.name, name))
            if is_shareable != ((kind.name, name) in fields_of_events()):
                wrong.append((kind.name, name))

    assert wrong == []
    assert looked_at > fields_of_events()
    assert len(looked_at) > 2 * len(fields_of_events())


def test_nothing_of_a_room_a_viewer_or_a_session_is_among_the_fields_of_events() -> None:
    """What these say depends on who asks."""
    kinds = {kind for kind, _ in fields_of_events()}

    assert kinds.isdisjoint({"Query", "Mutation", "Node", "Room", "Viewer", "Session"})
    assert ("RoomPreview", "title") in fields_of_events()


def test_the_fields_of_events_are_plain_values_of_each_other() -> None:
    """No field of them has a resolver, and none leads to anything but another of them."""
    kinds = {kind for kind, _ in fields_of_events()}

    streams = {("Subscription", "roomEvents"), ("Subscription", "userEvents")}
    for kind, name in fields_of_events() - streams:
        field = cast("Composite", core.type_map[kind]).fields[name]
        made = field.extensions["strawberry-definition"]
        origin = made.origin
        assert made.base_resolver is None, (kind, name)
        assert not made.permission_classes, (kind, name)
        assert not field.args, (kind, name)
        assert made.python_name in origin.__dataclass_fields__, (kind, name)
        assert not hasattr(getattr(origin, made.python_name, None), "__get__"), (kind, name)
        target = get_named_type(field.type)
        assert not is_composite_type(target) or target.name in kinds, (kind, name)


def test_a_field_with_a_resolver_is_not_among_them_though_its_type_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sharing, "core", asking._schema)
    monkeypatch.setattr(sharing, "_OF_EVENTS", (Thing,))
    fields_of_events.cache_clear()
    try:
        found = fields_of_events()
    finally:
        fields_of_events.cache_clear()

    assert found == {("Things", "things"), ("Thing", "plain")}


@pytest.mark.parametrize(
    "selection",
    [
        "__typename",
        "kind: __typename ... on Event { at: cursor }",
        "... on MessageSent { message { room { owner { name: username } } } }",
        "...A } } fragment A on RoomEvent { ...B } fragment B on MemberJoined { user { id",
        "... @include(if: true) { ... on JoinCodeRotated { joinCode } }",
    ],
)
def test_what_is_told_of_an_event_alone_is_shared(selection: str) -> None:
    assert form_of(prepared(f'subscription {{ roomEvents(roomId: "x") {{ {selection} }} }}'))


@pytest.mark.parametrize(
    "selection",
    [
        "... on MemberJoined { user { ... on Node { id } } }",
        (
            "...A } } fragment A on RoomEvent { ...B } fragment C on Node { id }"
            " fragment B on MemberJoined { user { ...C"
        ),
        "... on MemberJoined { user { ... on Node @skip(if: true) { id } } }",
        (
            "...A } } fragment A on RoomEvent { ...B __typename }"
            " fragment B on MemberJoined { user { id ... on Node { __typename more: id }"
        ),
    ],
)
def test_what_is_not_known_is_not_shared(selection: str) -> None:
    """Also where it is hidden in fragments of fragments."""
    assert (
        form_of(prepared(f'subscription {{ roomEvents(roomId: "x") {{ {selection} }} }}')) is None
    )


@pytest.mark.parametrize("size", [9_000, 11_000])
def test_what_is_too_long_to_be_remembered_is_not_shared(size: int) -> None:
    """G7: five hundred forms are kept, whoever asked."""
    filler = "x" * size
    text = "subscription ($room: ID!) { roomEvents(roomId: $room) { __typename } }"

    forms = [
        form_of(prepared(f"#{filler}\n{text}", room="a")),
        form_of(prepared(text, room=filler)),
        form_of(prepared(WITH_VARIABLE, room="a", after=filler)),
    ]

    assert [each is not None for each in forms] == [size < 10_000] * 3


def test_of_two_operations_in_a_document_each_is_looked_at_for_itself() -> None:
    text = """
      subscription Shared { userEvents { ...A } } fragment A on UserEvent { __typename }
      subscription Own { userEvents { ... on RoomJoined { room { owner { ...B } } } } }
      fragment B on Node { id }
    """

    assert form_of(prepared(text, "Shared")) is not None
    assert form_of(prepared(text, "Own")) is None
    assert recalled_form(Request(text, {}, "Own")) is None
    assert recalled_form(Request(text, {}, "Shared")) == form(text, "Shared")


# Where they begin

WITH_VARIABLE = """
  subscription ($room: ID!, $after: Cursor) {
    roomEvents(roomId: $room, after: $after) { __typename } }
"""
WITH_DEFAULT = WITH_VARIABLE.replace("$after: Cursor", '$after: Cursor = "default"')
DEMANDED = WITH_VARIABLE.replace("$after: Cursor", "$after: Cursor!")
USED_TWICE = """
  subscription ($room: ID!, $after: Cursor) {
    roomEvents(roomId: $room, after: $after) { __typename }
    roomEvents(roomId: $room, after: $after) { ... on Event { cursor } } }
"""
LITERAL = WITH_VARIABLE.replace("$after: Cursor", "").replace("$after", '"literal"')
NOT_SHARED = """
  subscription ($room: ID!, $after: Cursor) {
    roomEvents(roomId: $room, after: $after) {
      ... on MemberJoined { user { ... on Node { id } } } } }
"""


def test_those_who_begin_elsewhere_have_one_form_and_those_in_another_room_another() -> None:
    here, there = form(WITH_VARIABLE, room="a", after="1"), form(WITH_VARIABLE, room="a", after="2")

    assert here == there
    assert (here.beginning, there.beginning) == ({"after": "1"}, {"after": "2"})
    assert form(WITH_VARIABLE, room="a") == here
    assert form(WITH_VARIABLE, room="b", after="1") != here


@pytest.mark.parametrize("text", [WITH_DEFAULT, USED_TWICE])
def test_a_variable_that_says_more_than_where_to_begin_is_part_of_the_form(text: str) -> None:
    forms = [form(text, room="a", **also) for also in ({}, {"after": None}, {"after": "1"})]

    assert len(set(forms)) == 3
    assert all(each.beginning == {} for each in forms)


class Street:
    """Whom subscriptions have let follow what, and from where."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int | None, str | None]] = []

    async def follow_room(self, user_id: int, room_id: int | None, *, after: str | None) -> Any:
        self.begun.append((user_id, room_id, after))
        return object()

    async def follow_person(self, user_id: int, *, after: str | None) -> Any:
        return await self.follow_room(user_id, None, after=after)


@pytest.fixture
def street(monkeypatch: pytest.MonkeyPatch) -> Iterator[Street]:
    made = Street()
    monkeypatch.setattr(following, "follow_room", made.follow_room)
    monkeypatch.setattr(following, "follow_person", made.follow_person)
    return made


def context(user_id: int) -> StreamContext:
    user = User(pk=user_id, username=f"person{user_id}", is_active=True)
    return StreamContext(Identity(user, "session", "hash"))


async def begin(text: str, user_id: int, **variables: Any) -> Subscription:
    """Begin as a socket does: again if it is known, else after judging it."""
    request = Request(text, variables)
    known = await subscribing.begin_again(request, context(user_id))
    return known or await subscribing.begin(requests.prepare(request), context(user_id))


BEGINNINGS: list[Json] = [{}, {"after": None}, {"after": "1"}, {"after": "2"}]


@pytest.mark.parametrize("text", [WITH_VARIABLE, WITH_DEFAULT, USED_TWICE, LITERAL, DEMANDED])
async def test_each_begins_where_they_say_and_as_themselves(
    street: Street, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1, G2: as they would begin if nothing were shared."""
    wanted = [each for each in BEGINNINGS if text is not DEMANDED or each.get("after")]
    for _ in range(2):
        await asyncio.gather(*(begin(text, n, room="a", **each) for n, each in enumerate(wanted)))
    shared = sorted(street.begun[len(wanted) :], key=str)

    street.begun.clear()
    monkeypatch.setattr(subscribing, "form_of", lambda _: None)
    for number, each in enumerate(wanted):
        operation = prepared(text, room="a", **each)
        await subscribing.begin(operation, context(number))

    assert shared == sorted(street.begun, key=str)


@pytest.mark.parametrize("wrong", [42, {}, [], True, 1.5, ["x"]], ids=str)
async def test_a_beginning_that_is_no_text_begins_as_if_nothing_were_shared(
    street: Street, wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(WITH_VARIABLE, 1, room="a", after="1")
    await begin(WITH_VARIABLE, 2, room="a", after=wrong)
    monkeypatch.setattr(subscribing, "form_of", lambda _: None)
    await subscribing.begin(prepared(WITH_VARIABLE, room="a", after=wrong), context(2))

    assert street.begun[1] == street.begun[2]


@pytest.mark.parametrize("missing", [{}, {"after": None}], ids=str)
async def test_a_beginning_that_is_demanded_is_demanded_of_everybody(
    street: Street, missing: Json
) -> None:
    """G1: else a client without its cursor would begin now, and miss what it believes to get."""
    await begin(DEMANDED, 1, room="a", after="1")

    with pytest.raises(RequestError):
        await begin(DEMANDED, 2, room="a", **missing)

    assert len(street.begun) == 1


async def test_nobody_begins_again_as_someone_else(street: Street) -> None:
    await begin(WITH_VARIABLE, 1, room="a")

    with pytest.raises(RequestError):
        await subscribing.begin_again(Request(WITH_VARIABLE, {"room": "a"}), StreamContext(None))

    assert [user_id for user_id, *_ in street.begun] == [1]


async def test_a_trusted_document_is_begun_again_by_its_name(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = hash_of(WITH_VARIABLE)
    trusted = TrustedDocuments({name: WITH_VARIABLE}, frozenset([WITH_VARIABLE]), only=True)
    monkeypatch.setattr(trusted_documents, "trusted", lambda: trusted)
    named = Request("", {"room": "a"}, document_id=name)
    first = await subscribing.begin(requests.prepare(named), context(1))

    again = await subscribing.begin_again(named, context(2))

    assert again is not None
    assert again.rendering is first.rendering


async def test_nobody_begins_again_what_they_name_wrongly(street: Street) -> None:
    await begin(WITH_VARIABLE, 1, room="a")
    misnamed = Request(WITH_VARIABLE, {"room": "a"}, document_id=hash_of(LITERAL))

    with pytest.raises(RequestError):
        await subscribing.begin_again(misnamed, context(2))


async def test_those_who_follow_share_however_many_others_begin_between_them(
    street: Street,
) -> None:
    """One rendering an event also in a process of ten thousand rooms."""
    first = await begin(WITH_VARIABLE, 1, room="here")
    for number in range(600):
        await begin(WITH_VARIABLE, 2, room=f"elsewhere {number}")

    again = await begin(WITH_VARIABLE, 3, room="here")

    assert again.rendering is first.rendering


# What they are told


def test_a_rendering_for_many_that_asks_who_it_is_for_fails_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """G5: what should never happen is an error for all, and a leak to nobody."""
    monkeypatch.setattr(subscribing, "core", asking._schema)
    monkeypatch.setattr(subscribing, "event_of", lambda _: Thing(plain="x"))
    asks = operation("subscription { things { plain secret } }")

    source = subscribing._source(asks, NobodyContext(), shared=True)
    text = source.rendering.response(CaughtUp("cursor", AT))

    response = msgspec.json.decode(text)
    assert response["data"] is None
    assert response["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert isinstance(cast("Any", caplog.records[0].exc_info)[1], NobodyAsks)


def test_what_was_told_keeps_nothing_of_those_who_were_told() -> None:
    """G7: else whoever begins in ever new forms fills the memory, of which texts are the least."""
    mark = CaughtUp("cursor", AT)
    asked = prepared("subscription { userEvents { __typename } }")
    rendering = subscribing._source(asked, NobodyContext(), shared=True).rendering
    rendering.response(mark)
    gone = ref(rendering)

    del rendering
    gc.collect()

    assert gone() is None


person = UserData(1, "ann", "Ann", "Ünal")
room = RoomData(7, "Room", Room.Access.OPEN, person)
asked = JoinRequestData(5, room, person, JoinRequest.Status.PENDING, AT, None)
texts = st.text(max_size=20)
people = st.builds(UserData, st.integers(1, 2**40), texts, texts, texts)
rooms = st.builds(RoomData, st.integers(1, 2**40), texts, st.sampled_from(Room.Access), people)
messages = st.builds(MessageData, st.integers(1, 2**40), rooms, people, texts, st.just(AT))
happenings = st.one_of(
    st.builds(told.MessageSent, messages, st.none() | texts),
    st.builds(told.MemberJoined, people),
    st.builds(told.MemberLeft, people, st.just(1)),
    st.builds(told.RoomRenamed, rooms),
    st.builds(told.RoomJoined, rooms),
    st.sampled_from(
        [
            told.RoomDeleted(7),
            told.RoomLeft(7),
            told.JoinCodeRotated("code"),
            told.JoinRequestCreated(asked),
            told.JoinRequestAdmitted(asked),
            told.JoinRequestDenied(asked),
            told.JoinRequestWithdrawn(asked),
        ]
    ),
)
ENDS: list[Item] = [CaughtUp("c", AT), Revoked("LEFT"), Expired(Expiry.TOO_FAR)]


def delivered(happening: told.ChatEvent) -> Delivery:
    data = msgspec.to_builtins(happening)
    return Delivery(Event("room.7", 3, happening.kind, happening.version, data, AT), "cursor-3")


items = happenings.map(delivered) | st.sampled_from(ENDS)


class Text:
    """Draws the text of a subscription: aliases, fragments in fragments, conditions."""

    def __init__(self, draw: Any, union: str) -> None:
        self._draw = draw
        self._number = itertools.count()
        self.fragments: list[str] = []
        self.selection = self._of_union(cast("Any", core.type_map[union]))

    def _of_union(self, union: Any) -> str:
        kinds = self._draw(st.lists(st.sampled_from(union.types), min_size=1, max_size=4))
        return " ".join(["__typename", *(self._spread(kind, 3) for kind in kinds)])

    def _spread(self, kind: Any, depth: int) -> str:
        inner = self._of(kind, depth)
        if self._draw(st.booleans()):
            return f"... on {kind.name} {self._condition()} {{ {inner} }}"
        name = f"F{next(self._number)}"
        self.fragments.append(f"fragment {name} on {kind.name} {{ {inner} }}")
        return f"...{name} {self._condition()}"

    def _of(self, kind: Any, depth: int) -> str:
        names = sorted(name for owner, name in fields_of_events() if owner == kind.name)
        chosen = self._draw(st.lists(st.sampled_from(names), max_size=4))
        parts = [self._field(kind, name, depth) for name in chosen]
        if depth and self._draw(st.integers(0, 3)) == 0:
            parts.append(self._spread(kind, depth - 1))
        if any(each.name == "Node" for each in kind.interfaces) and self._draw(st.booleans()):
            parts.append(f"... on Node {{ n{next(self._number)}: id }}")
        return " ".join(["__typename", *parts])

    def _field(self, kind: Any, name: str, depth: int) -> str:
        target: Any = get_named_type(kind.fields[name].type)
        inner = f"{{ {self._of(target, depth)} }}" if is_composite_type(target) else ""
        return f"a{next(self._number)}: {name} {self._condition()} {inner}"

    def _condition(self) -> str:
        return cast(
            "str", self._draw(st.sampled_from(["", "", "@include(if: $x)", "@skip(if: $x)"]))
        )


@st.composite
def subscriptions(draw: Any) -> str:
    field, union = draw(
        st.sampled_from(
            [
                ('roomEvents(roomId: "a", after: $a)', "RoomEvent"),
                ("userEvents(after: $a)", "UserEvent"),
            ]
        )
    )
    text = Text(draw, union)
    uses = "... @include(if: $x) { __typename }"
    head = "subscription ($a: Cursor, $x: Boolean!)"
    return f"{head} {{ {field} {{ {uses} {text.selection} }} }} {' '.join(text.fragments)}"


@settings(max_examples=120, deadline=None, derandomize=True)
@given(subscriptions(), st.booleans(), st.lists(items, min_size=1, max_size=6))
def test_what_is_shared_is_to_the_byte_what_each_would_be_told(
    text: str, condition: bool, told_to_all: list[Item]
) -> None:
    """G5: for any operation, events and viewers."""
    with pytest.MonkeyPatch.context() as patch:
        made = Street()
        patch.setattr(following, "follow_room", made.follow_room)
        patch.setattr(following, "follow_person", made.follow_person)
        member, owner = asyncio.run(_two(text, condition))
    operation = prepared(text, x=condition, a=None)
    own = [subscribing._source(operation, context(n), shared=False).rendering for n in (1, 2)]

    for item in told_to_all:
        alone = {rendering.response(item) for rendering in own}
        together = [each.rendering.response(item) for each in (member, owner, member)]
        assert alone == set(together)
    is_shared = member.rendering is owner.rendering
    assert is_shared == ("on Node" not in text)
    assert is_shared == (form_of(operation) is not None)


async def _two(text: str, condition: bool) -> tuple[Subscription, Subscription]:
    return await begin(text, 1, x=condition, a="1"), await begin(text, 2, x=condition, a="2")
