from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import strawberry
from strawberry import ID, UNSET

from chat import following
from realtime.follower import Follower
from schema import ids
from schema.arguments import given
from schema.context import Info
from schema.events import RoomEvent, UserEvent, event_of
from schema.types import Cursor


class EventStream(AsyncIterator[Any]):
    """
    A follower's items as events of the API.

    Not a generator: closing one that has not begun would not close its follower.
    """

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def __anext__(self) -> Any:
        return event_of(await anext(self._follower))

    async def aclose(self) -> None:
        self._follower.close()


@strawberry.type
class Subscription:
    """
    Following begins before the stream is returned, so a refusal comes first and alone.
    """

    @strawberry.subscription(
        description="Refused with extensions.code UNAUTHENTICATED, NOT_FOUND (a room that the"
        " viewer is not in), or INVALID (a cursor that is empty, forged or another stream's)."
    )
    async def room_events(
        self, info: Info, room_id: ID, after: Cursor | None = UNSET
    ) -> AsyncGenerator[RoomEvent, None]:
        viewer = info.context.viewer
        room = ids.row_id(room_id, "Room")
        return EventStream(await following.follow_room(viewer.pk, room, after=given(after)))  # type: ignore[return-value]  # as good as a generator

    @strawberry.subscription(description="Refused with extensions.code UNAUTHENTICATED or INVALID.")
    async def user_events(
        self, info: Info, after: Cursor | None = UNSET
    ) -> AsyncGenerator[UserEvent, None]:
        viewer = info.context.viewer
        return EventStream(await following.follow_person(viewer.pk, after=given(after)))  # type: ignore[return-value]  # as above
