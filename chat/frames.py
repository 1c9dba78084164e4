"""Events as the frames of the plain WebSocket topics."""

from __future__ import annotations

from typing import Any, TypeAlias, assert_never

import msgspec

from chat import events
from chat.events import ChatEvent, decode
from chat.snapshots import JoinRequestData, MessageData, RoomData, UserData
from realtime.delivery import CaughtUp, Delivery
from realtime.follower import Expired, Item, Revoked

Frame: TypeAlias = tuple[str, dict[str, Any]]
"""A type and its kwargs."""


def frame_of(item: Item) -> bytes:
    """
    Return an item as the text of a frame; live and replayed ones are the same.

    Raises:
        UnknownEvent: If a newer process wrote the event.

    """
    match item:
        case Delivery():
            return item.rendered(frame_of, _frame_of_delivery)
        case CaughtUp(cursor):
            return _text(("caught_up", {}), cursor)
        case Revoked(reason):
            return _text(("access_revoked", {"reason": reason}))
        case Expired(reason):
            return _text(("cursor_expired", {"reason": reason}))
        case _:
            assert_never(item)


def _frame_of_delivery(delivery: Delivery) -> bytes:
    return _text(_told(decode(delivery.event)), delivery.cursor)


def _text(frame: Frame, cursor: str | None = None) -> bytes:
    kind, kwargs = frame
    content: dict[str, Any] = {"type": kind, "kwargs": kwargs}
    if cursor is not None:
        content["cursor"] = cursor
    return msgspec.json.encode(content)


def _told(event: ChatEvent) -> Frame:  # noqa: PLR0911  # one case for each kind
    match event:
        case events.MessageSent(message, client_mutation_id):
            return "chat_message_created", _message(message, client_mutation_id)
        case events.MemberJoined(user):
            return "member_joined", {"user": _user(user)}
        case events.MemberLeft(user, _):
            return "member_left", {"user": _user(user)}
        case events.RoomRenamed(room):
            return "room_renamed", {"id": str(room.id), "title": room.title}
        case events.RoomDeleted(room_id):
            return "room_deleted", {"id": str(room_id)}
        case events.RoomJoined(room):
            return "room_joined", {"room": _room(room)}
        case events.RoomLeft(room_id):
            return "room_left", {"id": str(room_id)}
        case events.JoinCodeRotated(join_code):
            return "join_code_rotated", {"join_code": join_code}
        case (
            events.JoinRequestCreated(asked)
            | events.JoinRequestAdmitted(asked)
            | events.JoinRequestDenied(asked)
            | events.JoinRequestWithdrawn(asked)
        ):
            return "did_alter_join_request", _alteration(asked, _ACTIONS[type(event)])
        case _:
            assert_never(event)


_ACTIONS = {
    events.JoinRequestCreated: "create",
    events.JoinRequestAdmitted: "admit",
    events.JoinRequestDenied: "deny",
    events.JoinRequestWithdrawn: "withdraw",
}


def _message(message: MessageData, client_mutation_id: str | None) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "message": message.text,
        "sender": _user(message.sender),
        "posted_at": message.posted_at,
        "client_mutation_id": client_mutation_id,
    }


def _alteration(asked: JoinRequestData, action: str) -> dict[str, Any]:
    who = asked.user
    user = {"id": str(who.id), "first_name": who.first_name, "last_name": who.last_name}
    requesting_user = user if action == "create" else None
    return {"id": str(asked.id), "action": action, "requesting_user": requesting_user}


def _user(user: UserData) -> dict[str, Any]:
    return {**msgspec.structs.asdict(user), "id": str(user.id)}


def _room(room: RoomData) -> dict[str, Any]:
    return {**msgspec.structs.asdict(room), "id": str(room.id), "owner": _user(room.owner)}
