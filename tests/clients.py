"""Clients that speak to a server from outside: GraphQL by HTTP and WebSocket, plain topics."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

DEADLINE = 20.0
TLS = ssl.create_default_context()
"""Made once: each client would take 30 ms to make its own, and never use it."""
SUBPROTOCOL = Subprotocol("graphql-transport-ws")

Json = dict[str, Any]


@dataclass
class Person:
    """Someone signed in with a bearer token."""

    http: str
    ws: str
    token: str
    database_id: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def ask(self, query: str, **variables: Any) -> Json:
        """The data of a query; errors fail the test."""
        return await ask(self.http, query, variables, self.headers)

    async def do(self, mutation: str, **input: Any) -> Json:  # noqa: A002  # the API's name
        """The outcome of a mutation: its ``__typename`` and the fields of its success or error."""
        kind = mutation[0].upper() + mutation[1:]
        query = (
            f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename"
            " ... on Error { code message }"
            f" ... on {kind}Success {{ {_SELECTED[mutation]} }} }} }}"
        )
        data = await self.ask(query, input=input)
        outcome: Json = data[mutation]
        return outcome

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[GraphQLSocket]:
        """A GraphQL socket, initialised with the token."""
        async with connect(f"{self.ws}/graphql", subprotocols=[SUBPROTOCOL]) as connection:
            socket = GraphQLSocket(connection)
            await socket.initialise({"Authorization": f"Bearer {self.token}"})
            yield socket

    @asynccontextmanager
    async def topic(self, path: str, after: str | None = None) -> AsyncIterator[ClientConnection]:
        """A plain topic, such as ``room/7``."""
        query = "" if after is None else f"?after={after}"
        address = f"{self.ws}/ws/{path}{query}"
        async with connect(address, additional_headers=self.headers) as connection:
            yield connection


class GraphQLSocket:
    """graphql-transport-ws as far as the tests need it; every wait has a deadline."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def initialise(self, payload: Json | None = None) -> None:
        await self.send({"type": "connection_init", "payload": payload})
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, operation_id: str, query: str, **variables: Any) -> None:
        payload = {"query": query, "variables": variables}
        await self.send({"type": "subscribe", "id": operation_id, "payload": payload})

    async def send(self, message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Json:
        async with asyncio.timeout(DEADLINE):
            message: Json = json.loads(await self.connection.recv())
            return message

    async def next(self, operation_id: str) -> Json:
        """The data of the next result of an operation, which must be the next message."""
        message = await self.receive()
        assert message["type"] == "next", message
        assert message["id"] == operation_id, message
        assert "errors" not in message["payload"], message
        data: Json = message["payload"]["data"]
        return data


async def ask(
    http: str, query: str, variables: Json | None = None, headers: dict[str, str] | None = None
) -> Json:
    async with httpx.AsyncClient(timeout=DEADLINE, verify=TLS) as client:
        body = {"query": query, "variables": variables or {}}
        response = await client.post(f"{http}/graphql", json=body, headers=headers)
        answer = response.json()
        assert "errors" not in answer, answer
        data: Json = answer["data"]
        return data


async def sign_up(http: str, ws: str, username: str) -> Person:
    data = await ask(
        http,
        "mutation ($input: SignUpInput!) { signUp(input: $input) { __typename"
        " ... on Error { message }"
        " ... on SignUpSuccess { token viewer { user { databaseId } } } } }",
        {
            "input": {
                "username": username,
                "password": f"{username}-anteroom-5812",
                "firstName": username.title(),
                "lastName": "",
            }
        },
    )
    success = data["signUp"]
    assert success["__typename"] == "SignUpSuccess", success
    return Person(http, ws, success["token"], success["viewer"]["user"]["databaseId"])


_ROOM = "room { id databaseId title joinCode eventCursor }"
_REQUEST = "joinRequest { id databaseId status }"
_SELECTED = {
    "createRoom": _ROOM,
    "renameRoom": _ROOM,
    "rotateJoinCode": _ROOM,
    "joinRoom": _ROOM,
    "removeMember": _ROOM,
    "deleteRoom": "roomId",
    "leaveRoom": "roomId",
    "requestToJoin": _REQUEST,
    "withdrawJoinRequest": _REQUEST,
    "admitJoinRequest": _REQUEST,
    "denyJoinRequest": _REQUEST,
    "sendMessage": "sentMessage { id databaseId text }",
    "revokeSession": "sessionId",
}
