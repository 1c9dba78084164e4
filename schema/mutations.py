"""The mutations: one line each around an action, its success and its expected errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

import chat.errors
from accounts import actions as accounts
from chat import actions, models
from chat.snapshots import JoinRequestData, MessageData
from schema import ids, payloads, views
from schema.context import Info
from schema.errors import EXPECTED, error_of
from schema.types import JoinRequest, Message
from schema.views import Room, Viewer

D = TypeVar("D")


def _outcome(info: Info, change: Callable[[], D], success: Callable[[D], object]) -> Any:
    """
    Make a change and tell of it, or of the error that was to be expected.

    ``success`` reads the database as it is after the change. Which errors a change
    can have is said by the mutation's union, which refuses any other.
    """
    try:
        info.context.reads.end()
        done = change()
        info.context.reads.begin()
        return success(done)
    except EXPECTED as error:
        return error_of(error)


def _told(info: Info, change: Callable[[], D], success: Callable[[D], object]) -> Any:
    """Do the same where ``success`` needs nothing but what the change returned."""
    try:
        info.context.reads.end()
        return success(change())
    except EXPECTED as error:
        return error_of(error)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def sign_up(self, info: Info, input: payloads.SignUpInput) -> payloads.SignUpResult:
        return _outcome(
            info,
            lambda: info.context.sign_in(
                accounts.create_person(
                    input.username,
                    input.password,
                    input.first_name,
                    input.last_name,
                    host=info.context.host,
                )
            ),
            lambda signed_in: payloads.SignUpSuccess(
                viewer=Viewer.of(signed_in.user), token=signed_in.token
            ),
        )

    @strawberry.mutation
    def sign_in(self, info: Info, input: payloads.SignInInput) -> payloads.SignInResult:
        return _outcome(
            info,
            lambda: info.context.sign_in(
                accounts.authenticate_person(input.username, input.password, host=info.context.host)
            ),
            lambda signed_in: payloads.SignInSuccess(
                viewer=Viewer.of(signed_in.user), token=signed_in.token
            ),
        )

    @strawberry.mutation
    def sign_out(self, info: Info) -> payloads.SignOutResult:
        return _told(info, info.context.sign_out, lambda _: payloads.SignOutSuccess(ok=True))

    @strawberry.mutation
    def revoke_session(
        self, info: Info, input: payloads.RevokeSessionInput
    ) -> payloads.RevokeSessionResult:
        return _told(
            info,
            lambda: accounts.revoke_session(info.context.viewer, input.session_id),
            lambda _: payloads.RevokeSessionSuccess(session_id=input.session_id),
        )

    @strawberry.mutation
    def create_room(self, info: Info, input: payloads.CreateRoomInput) -> payloads.CreateRoomResult:
        return _outcome(
            info,
            lambda: actions.create_room(
                actor=info.context.spending("rooms"),
                title=input.title,
                access=models.Room.Access(input.access.value),
            ),
            lambda room: payloads.CreateRoomSuccess(room=_room(info, room)),
        )

    @strawberry.mutation
    def rename_room(self, info: Info, input: payloads.RenameRoomInput) -> payloads.RenameRoomResult:
        return _outcome(
            info,
            lambda: actions.rename_room(
                actor=info.context.actor, room_id=_id(input.room_id, "Room"), title=input.title
            ),
            lambda room: payloads.RenameRoomSuccess(room=_room(info, room)),
        )

    @strawberry.mutation
    def rotate_join_code(
        self, info: Info, input: payloads.RotateJoinCodeInput
    ) -> payloads.RotateJoinCodeResult:
        return _outcome(
            info,
            lambda: actions.rotate_join_code(
                actor=info.context.actor, room_id=_id(input.room_id, "Room")
            ),
            lambda room: payloads.RotateJoinCodeSuccess(room=_room(info, room)),
        )

    @strawberry.mutation
    def delete_room(self, info: Info, input: payloads.DeleteRoomInput) -> payloads.DeleteRoomResult:
        return _told(
            info,
            lambda: actions.delete_room(
                actor=info.context.actor, room_id=_id(input.room_id, "Room")
            ),
            lambda _: payloads.DeleteRoomSuccess(room_id=input.room_id),
        )

    @strawberry.mutation(description="Enters an OPEN room.")
    def join_room(self, info: Info, input: payloads.JoinRoomInput) -> payloads.JoinRoomResult:
        return _outcome(
            info,
            lambda: actions.join_room(
                actor=info.context.spending("joins"), room_id=_id(input.room_id, "Room")
            ),
            lambda room: payloads.JoinRoomSuccess(room=_room(info, room)),
        )

    @strawberry.mutation
    def request_to_join(
        self, info: Info, input: payloads.RequestToJoinInput
    ) -> payloads.RequestToJoinResult:
        return _told(
            info,
            lambda: actions.request_to_join(
                actor=info.context.spending("joins"), join_code=input.join_code
            ),
            lambda asked: payloads.RequestToJoinSuccess(join_request=_join_request(asked)),
        )

    @strawberry.mutation
    def withdraw_join_request(
        self, info: Info, input: payloads.WithdrawJoinRequestInput
    ) -> payloads.WithdrawJoinRequestResult:
        return _told(
            info,
            lambda: actions.withdraw_join_request(
                actor=info.context.actor,
                join_request_id=_id(input.join_request_id, "JoinRequest"),
            ),
            lambda asked: payloads.WithdrawJoinRequestSuccess(join_request=_join_request(asked)),
        )

    @strawberry.mutation
    def admit_join_request(
        self, info: Info, input: payloads.AdmitJoinRequestInput
    ) -> payloads.AdmitJoinRequestResult:
        return _told(
            info,
            lambda: actions.admit_join_request(
                actor=info.context.actor,
                join_request_id=_id(input.join_request_id, "JoinRequest"),
            ),
            lambda asked: payloads.AdmitJoinRequestSuccess(join_request=_join_request(asked)),
        )

    @strawberry.mutation
    def deny_join_request(
        self, info: Info, input: payloads.DenyJoinRequestInput
    ) -> payloads.DenyJoinRequestResult:
        return _told(
            info,
            lambda: actions.deny_join_request(
                actor=info.context.actor,
                join_request_id=_id(input.join_request_id, "JoinRequest"),
            ),
            lambda asked: payloads.DenyJoinRequestSuccess(join_request=_join_request(asked)),
        )

    @strawberry.mutation
    def remove_member(
        self, info: Info, input: payloads.RemoveMemberInput
    ) -> payloads.RemoveMemberResult:
        return _outcome(
            info,
            lambda: actions.remove_member(
                actor=info.context.actor,
                room_id=_id(input.room_id, "Room"),
                user_id=_id(input.user_id, "User"),
            ),
            lambda room: payloads.RemoveMemberSuccess(room=_room(info, room)),
        )

    @strawberry.mutation
    def leave_room(self, info: Info, input: payloads.LeaveRoomInput) -> payloads.LeaveRoomResult:
        return _told(
            info,
            lambda: actions.leave_room(
                actor=info.context.actor, room_id=_id(input.room_id, "Room")
            ),
            lambda _: payloads.LeaveRoomSuccess(room_id=input.room_id),
        )

    @strawberry.mutation(
        description="Sending again with the same clientMutationId gives the first result and"
        " makes no second message."
    )
    def send_message(
        self, info: Info, input: payloads.SendMessageInput
    ) -> payloads.SendMessageResult:
        return _told(
            info,
            lambda: actions.send_message(
                actor=info.context.spending("sends"),
                room_id=_id(input.room_id, "Room"),
                text=input.text,
                client_mutation_id=input.client_mutation_id,
            ),
            lambda message: payloads.SendMessageSuccess(sent_message=_message(message)),
        )


_id = ids.row_id


def _room(info: Info, room: models.Room) -> Room:
    found = views.room_of(info.context.viewer, room.pk)
    if found is None:
        raise chat.errors.NotFound("room")
    return found


def _join_request(join_request: models.JoinRequest) -> JoinRequest:
    return JoinRequest.of(JoinRequestData.of(join_request))


def _message(message: models.Message) -> Message:
    return Message.of(MessageData.of(message))
