"""
The messages of graphql-transport-ws
(https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md).
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from schema.parameters import Parameters

OperationId: TypeAlias = Annotated[str, Meta(min_length=1)]
Payload: TypeAlias = dict[str, Any]


class ConnectionInit(Struct, tag="connection_init"):
    payload: Payload | None = None


class Ping(Struct, tag="ping"):
    payload: Payload | None = None


class Pong(Struct, tag="pong", omit_defaults=True):
    payload: Payload | None = None


class Subscribe(Struct, tag="subscribe"):
    id: OperationId
    payload: Parameters


class Complete(Struct, tag="complete"):
    id: OperationId


class ConnectionAck(Struct, tag="connection_ack"):
    pass


class Next(Struct, tag="next"):
    id: OperationId
    payload: Payload


class Error(Struct, tag="error"):
    id: OperationId
    payload: list[Any]


ClientMessage: TypeAlias = ConnectionInit | Ping | Pong | Subscribe | Complete
ServerMessage: TypeAlias = ConnectionAck | Ping | Pong | Next | Error | Complete

_decoder = msgspec.json.Decoder(ClientMessage)
_encoder = msgspec.json.Encoder()


class InvalidMessage(Exception):
    """What came is not a message of the protocol; the text says why."""


def decode(frame: str | bytes) -> ClientMessage:
    """
    Read a text frame.

    Raises:
        InvalidMessage: If it is anything but a message that a client may send.

    """
    if not isinstance(frame, str):
        raise InvalidMessage("Messages are text frames.")
    try:
        message: ClientMessage = _decoder.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise InvalidMessage(str(error) or "The message is nested too deeply.") from error
    return message


def encode(message: ServerMessage) -> bytes:
    """
    Write a text frame, in UTF-8.

    Raises:
        InvalidMessage: If it echoes what could just be read and is too deep to be written.

    """
    try:
        return _encoder.encode(message)
    except RecursionError as error:
        raise InvalidMessage("The message is nested too deeply.") from error
