from __future__ import annotations

from functools import partial
from typing import Any

import strawberry
from strawberry import ID, UNSET

import chat.errors
from chat import following, models, policies
from chat.snapshots import RoomData
from chat.texts import TITLE_LENGTH
from realtime import epoch
from realtime.follower import Expired
from realtime.position import Expiry
from realtime.pull import Page
from schema import ids, views
from schema.connections import Connection, Span, connect
from schema.context import Info
from schema.events import RoomEvent, UserEvent, event_of
from schema.types import Cursor, Node, RoomPreview
from schema.views import Room, Viewer


@strawberry.type(
    description="An expired cursor gives the one event CursorExpired, the cursor unchanged and"
    " hasMore false. No CaughtUp here."
)
class RoomEventPage:
    events: list[RoomEvent]
    cursor: Cursor
    has_more: bool


@strawberry.type
class UserEventPage:
    events: list[UserEvent]
    cursor: Cursor
    has_more: bool


@strawberry.type
class Query:
    @strawberry.field(description="Null when signed out.")
    def viewer(self, info: Info) -> Viewer | None:
        identity = info.context.identity
        return None if identity is None else Viewer.of(identity.user)

    @strawberry.field(
        description="Null when there is no such room or the viewer is not in it: the two cannot"
        " be told apart."
    )
    def room(self, info: Info, id: ID) -> Room | None:  # noqa: A002  # the API's name
        identity = info.context.identity
        return None if identity is None else views.room_of(identity.user, ids.row_id(id, "Room"))

    @strawberry.field
    def room_preview(self, info: Info, join_code: str) -> RoomPreview | None:
        try:
            room = policies.room_behind(info.context.spending("joins"), join_code)
        except chat.errors.NotFound:
            return None
        return RoomPreview.of(RoomData.of(room))

    @strawberry.field(description="Rooms that anyone who is signed in may enter.")
    def open_rooms(
        self,
        info: Info,
        first: int | None = UNSET,
        after: str | None = UNSET,
        search: str | None = UNSET,
    ) -> Connection[RoomPreview]:
        _ = info.context.viewer
        rooms = models.Room.objects.open().with_owner()
        if search:
            # A title has at most so many characters, and SQLite fails on a long pattern.
            possible = len(search) <= TITLE_LENGTH
            rooms = (
                rooms.filter(title__icontains=search.replace("\0", ""))
                if possible
                else rooms.none()
            )
        return connect(
            rooms, "-pk", Span.asked(first, after), lambda room: RoomPreview.of(RoomData.of(room))
        )

    @strawberry.field(
        description="A user only if it is the viewer, shares a room with the viewer, or asks to"
        " enter one of the viewer's rooms."
    )
    def node(self, info: Info, id: ID) -> Node | None:  # noqa: A002  # the API's name
        identity = info.context.identity
        return None if identity is None else views.node_of(identity.user, id)

    @strawberry.field(
        description="The pull twin of the subscription, for clients without streams. Null where"
        " that would be refused as NOT_FOUND or UNAUTHENTICATED."
    )
    def room_events(
        self, info: Info, room_id: ID, after: Cursor, first: int | None = UNSET
    ) -> RoomEventPage | None:
        try:
            page = following.pull_room(
                info.context.viewer.pk,
                ids.row_id(room_id, "Room"),
                after=after,
                limit=Span.asked(first, None).size,
            )
        except (chat.errors.NotFound, chat.errors.Unauthenticated):
            return None
        return RoomEventPage(**_contents(info, page))

    @strawberry.field(
        description="The pull twin of the subscription. Null where that would be refused as"
        " UNAUTHENTICATED."
    )
    def user_events(
        self, info: Info, after: Cursor, first: int | None = UNSET
    ) -> UserEventPage | None:
        try:
            page = following.pull_person(
                info.context.viewer.pk, after=after, limit=Span.asked(first, None).size
            )
        except chat.errors.Unauthenticated:
            return None
        return UserEventPage(**_contents(info, page))


def _contents(info: Info, page: Page) -> dict[str, Any]:
    if page.expired is Expiry.AHEAD:
        info.context.reads.afterwards(partial(epoch.rotate, page.epoch))
    items = page.deliveries if page.expired is None else [Expired(page.expired)]
    return {
        "events": [event_of(item) for item in items],
        "cursor": Cursor(page.cursor),
        "has_more": page.has_more,
    }
