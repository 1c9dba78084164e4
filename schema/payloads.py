"""What each mutation takes and gives: its input, its success, and the errors it can have."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from schema.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from schema.types import JoinRequest, Message, RoomAccess
from schema.views import Room, Viewer


@strawberry.input
class SignUpInput:
    username: str
    password: str
    first_name: str = ""
    last_name: str = ""


@strawberry.type
class SignUpSuccess:
    viewer: Viewer
    token: str


SignUpResult: TypeAlias = Annotated[
    SignUpSuccess | InvalidInput | RateLimited,
    strawberry.union("SignUpResult"),
]


@strawberry.input
class SignInInput:
    username: str
    password: str


@strawberry.type
class SignInSuccess:
    viewer: Viewer
    token: str


SignInResult: TypeAlias = Annotated[
    SignInSuccess | Unauthenticated | RateLimited,
    strawberry.union("SignInResult"),
]


@strawberry.type
class SignOutSuccess:
    ok: bool


SignOutResult: TypeAlias = Annotated[
    SignOutSuccess | Unauthenticated,
    strawberry.union("SignOutResult"),
]


@strawberry.input
class RevokeSessionInput:
    session_id: ID


@strawberry.type
class RevokeSessionSuccess:
    session_id: ID


RevokeSessionResult: TypeAlias = Annotated[
    RevokeSessionSuccess | Unauthenticated | NotFound,
    strawberry.union("RevokeSessionResult"),
]


@strawberry.input
class CreateRoomInput:
    title: str
    access: RoomAccess


@strawberry.type
class CreateRoomSuccess:
    room: Room


CreateRoomResult: TypeAlias = Annotated[
    CreateRoomSuccess | Unauthenticated | InvalidInput | RateLimited,
    strawberry.union("CreateRoomResult"),
]


@strawberry.input
class RenameRoomInput:
    room_id: ID
    title: str


@strawberry.type
class RenameRoomSuccess:
    room: Room


RenameRoomResult: TypeAlias = Annotated[
    RenameRoomSuccess | Unauthenticated | NotFound | Forbidden | InvalidInput,
    strawberry.union("RenameRoomResult"),
]


@strawberry.input
class RotateJoinCodeInput:
    room_id: ID


@strawberry.type
class RotateJoinCodeSuccess:
    room: Room


RotateJoinCodeResult: TypeAlias = Annotated[
    RotateJoinCodeSuccess | Unauthenticated | NotFound | Forbidden,
    strawberry.union("RotateJoinCodeResult"),
]


@strawberry.input
class DeleteRoomInput:
    room_id: ID


@strawberry.type
class DeleteRoomSuccess:
    room_id: ID


DeleteRoomResult: TypeAlias = Annotated[
    DeleteRoomSuccess | Unauthenticated | NotFound | Forbidden,
    strawberry.union("DeleteRoomResult"),
]


@strawberry.input
class JoinRoomInput:
    room_id: ID


@strawberry.type
class JoinRoomSuccess:
    room: Room


JoinRoomResult: TypeAlias = Annotated[
    JoinRoomSuccess | Unauthenticated | NotFound | Conflict | RateLimited,
    strawberry.union("JoinRoomResult"),
]


@strawberry.input
class RequestToJoinInput:
    join_code: str


@strawberry.type
class RequestToJoinSuccess:
    join_request: JoinRequest


RequestToJoinResult: TypeAlias = Annotated[
    RequestToJoinSuccess | Unauthenticated | NotFound | Conflict | RateLimited,
    strawberry.union("RequestToJoinResult"),
]


@strawberry.input
class WithdrawJoinRequestInput:
    join_request_id: ID


@strawberry.type
class WithdrawJoinRequestSuccess:
    join_request: JoinRequest


WithdrawJoinRequestResult: TypeAlias = Annotated[
    WithdrawJoinRequestSuccess | Unauthenticated | NotFound | Forbidden | Conflict,
    strawberry.union("WithdrawJoinRequestResult"),
]


@strawberry.input
class AdmitJoinRequestInput:
    join_request_id: ID


@strawberry.type
class AdmitJoinRequestSuccess:
    join_request: JoinRequest


AdmitJoinRequestResult: TypeAlias = Annotated[
    AdmitJoinRequestSuccess | Unauthenticated | NotFound | Forbidden | Conflict,
    strawberry.union("AdmitJoinRequestResult"),
]


@strawberry.input
class DenyJoinRequestInput:
    join_request_id: ID


@strawberry.type
class DenyJoinRequestSuccess:
    join_request: JoinRequest


DenyJoinRequestResult: TypeAlias = Annotated[
    DenyJoinRequestSuccess | Unauthenticated | NotFound | Forbidden | Conflict,
    strawberry.union("DenyJoinRequestResult"),
]


@strawberry.input
class RemoveMemberInput:
    room_id: ID
    user_id: ID


@strawberry.type
class RemoveMemberSuccess:
    room: Room


RemoveMemberResult: TypeAlias = Annotated[
    RemoveMemberSuccess | Unauthenticated | NotFound | Forbidden | Conflict,
    strawberry.union("RemoveMemberResult"),
]


@strawberry.input
class LeaveRoomInput:
    room_id: ID


@strawberry.type
class LeaveRoomSuccess:
    room_id: ID


LeaveRoomResult: TypeAlias = Annotated[
    LeaveRoomSuccess | Unauthenticated | NotFound | Conflict,
    strawberry.union("LeaveRoomResult"),
]


@strawberry.input
class SendMessageInput:
    room_id: ID
    text: str
    client_mutation_id: str | None = None


@strawberry.type
class SendMessageSuccess:
    sent_message: Message


SendMessageResult: TypeAlias = Annotated[
    SendMessageSuccess | Unauthenticated | NotFound | InvalidInput | Conflict | RateLimited,
    strawberry.union("SendMessageResult"),
]
