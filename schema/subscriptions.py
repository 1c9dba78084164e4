from __future__ import annotations

from collections.abc import AsyncGenerator

import strawberry
from strawberry import ID, UNSET

from chat import following
from schema import ids
from schema.arguments import given
from schema.context import Info
from schema.events import RoomEvent, UserEvent
from schema.types import Cursor


@strawberry.type
class Subscription:
    """
    Each field returns a follower, whose items are made into events where they are told
    (``schema.subscribing``). Following begins before that, so a refusal comes first and alone.
    """

    @strawberry.subscription(
        description="Refused with extensions.code UNAUTHENTICATED, NOT_FOUND (a room that the"
        " viewer is not in), or INVALID (a cursor that is empty, forged or another stream's)."
    )
    async def room_events(
        self, info: Info, room_id: ID, after: Cursor | None = UNSET
    ) -> AsyncGenerator[RoomEvent, None]:
        viewer = info.context.viewer
        position = info.context.resume_after or given(after)
        room = ids.row_id(room_id, "Room")
        return await following.follow_room(viewer.pk, room, after=position)  # type: ignore[return-value]  # see schema.subscribing

    @strawberry.subscription(description="Refused with extensions.code UNAUTHENTICATED or INVALID.")
    async def user_events(
        self, info: Info, after: Cursor | None = UNSET
    ) -> AsyncGenerator[UserEvent, None]:
        viewer = info.context.viewer
        position = info.context.resume_after or given(after)
        return await following.follow_person(viewer.pk, after=position)  # type: ignore[return-value]  # as above
