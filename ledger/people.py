"""People who act by GraphQL over HTTP, at whichever server answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from typing import Any

import httpx

_PATIENCE = 4.0
# httpx takes a time that grows with the square of the requests under way.
_READERS = 16
_LONGEST_SILENCE = 40.0

Json = dict[str, Any]

_ROOM = "room { id databaseId joinCode }"
_SELECTED = {
    "createRoom": _ROOM,
    "renameRoom": _ROOM,
    "rotateJoinCode": _ROOM,
    "removeMember": _ROOM,
    "leaveRoom": "roomId",
    "requestToJoin": "joinRequest { id }",
    "admitJoinRequest": "joinRequest { id }",
    "denyJoinRequest": "joinRequest { id }",
    "sendMessage": "sentMessage { databaseId }",
    "signUp": "token viewer { user { databaseId } }",
    "signIn": "token",
}


class Unanswered(Exception):
    """No answer that says whether it was done; it may have been."""


class Api:
    """The servers as HTTP clients see them: a request goes to the next one each time."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._addresses = [f"http://127.0.0.1:{port}/graphql" for port in ports]
        self._turn = count()
        # Many people share this client, so that it must not keep anybody's cookie.
        nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self._client = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, cookies=nobodys)
        self._readers = asyncio.Semaphore(_READERS)

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, query: str, variables: Json, token: str | None = None) -> Json:
        """
        The data of one operation.

        Raises:
            Unanswered: If there is none.

        """
        address = self._addresses[next(self._turn) % len(self._addresses)]
        headers = {"Authorization": f"Bearer {token}"} if token else None
        body = {"query": query, "variables": variables}
        try:
            answer = (await self._client.post(address, json=body, headers=headers)).json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unanswered(repr(error)) from error
        if not isinstance(answer, dict) or "errors" in answer:
            raise Unanswered(str(answer)[:200])
        data: Json = answer["data"]
        return data

    async def read(self, query: str, variables: Json, token: str) -> Json:
        """As :meth:`ask`, for what everyone asks at once; who writes does not wait for it."""
        async with self._readers:
            return await self.ask(query, variables, token)

    async def do(self, mutation: str, token: str | None, **values: Any) -> Json:
        """The outcome of a mutation: ``__typename`` and the fields of its success or error."""
        kind = mutation[0].upper() + mutation[1:]
        query = (
            f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename"
            f" ... on Error {{ code message }}"
            f" ... on {kind}Success {{ {_SELECTED[mutation]} }} }} }}"
        )
        outcome: Json = (await self.ask(query, {"input": values}, token))[mutation]
        return outcome

    async def insist(self, mutation: str, token: str | None, **values: Any) -> Json:
        """
        The outcome of a mutation that may be done twice; asks until it is answered.

        Raises:
            Unanswered: If no server answers for too long.

        """
        deadline = time.monotonic() + _LONGEST_SILENCE
        while True:
            try:
                return await self.do(mutation, token, **values)
            except Unanswered:
                if time.monotonic() > deadline:
                    raise


@dataclass(slots=True)
class Person:
    """Someone with a token, which changes with every sign-in."""

    username: str
    database_id: int
    token: str

    @property
    def password(self) -> str:
        return _password(self.username)


@dataclass(frozen=True, slots=True)
class Room:
    database_id: int
    global_id: str
    join_code: str
    owner: Person


async def sign_up(api: Api, username: str) -> Person:
    values = {"username": username, "password": _password(username)}
    outcome = await api.do("signUp", None, **values)
    return Person(username, outcome["viewer"]["user"]["databaseId"], outcome["token"])


async def sign_out(api: Api, person: Person) -> bool:
    """End the person's session; tells whether the server has confirmed it."""
    try:
        outcome = (await api.ask("mutation { signOut { __typename } }", {}, person.token))[
            "signOut"
        ]
    except Unanswered:
        return False
    return bool(outcome["__typename"] == "SignOutSuccess")


async def sign_in(api: Api, person: Person) -> None:
    values = {"username": person.username, "password": person.password}
    outcome = await api.insist("signIn", None, **values)
    person.token = outcome["token"]


async def found_room(api: Api, owner: Person, title: str) -> Room:
    outcome = await api.do("createRoom", owner.token, title=title, access="BY_REQUEST")
    room = outcome["room"]
    return Room(room["databaseId"], room["id"], room["joinCode"], owner)


async def let_in(api: Api, room: Room, person: Person) -> None:
    asked = await api.do("requestToJoin", person.token, joinCode=room.join_code)
    request_id = asked["joinRequest"]["id"]
    await api.do("admitJoinRequest", room.owner.token, joinRequestId=request_id)


def _password(username: str) -> str:
    return f"{username}-anteroom-5812"
