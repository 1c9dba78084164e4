#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["gql[websockets]>=4.3,<5"]
# ///
"""
Anteroom in a terminal: sign in, choose a room, read and write.

    uv run client.py        # or: pip install 'gql[websockets]', and python client.py
    uv run client.py --url https://chat.example.org/graphql --user bob --room Lobby

End it, kill it, restart the server: it goes on where it was (place.py).
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from operations import EVENTS, ROOM, ROOMS, SEND, SIGN_IN
from place import Ending, Over, Place, QueryAgain, SignedOut, closed, keep, pauses, refused

TROUBLE = (TransportError, TimeoutError, OSError)
"""What passes: the server is away, restarts, or its database is."""


@dataclass
class Account:
    """Whom we are signed in as, and where that is kept between runs."""

    url: str
    username: str
    token: str | None = None
    directory: Path = field(init=False)

    def __post_init__(self) -> None:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        name = sha256(f"{self.username}@{self.url}".encode()).hexdigest()[:16]
        self.directory = state / "anteroom" / name
        with suppress(OSError):
            self.token = (self.directory / "token").read_text()

    async def sign_in(self) -> None:
        password = os.environ.get("ANTEROOM_PASSWORD") or getpass.getpass()
        who = {"username": self.username, "password": password}
        async with connected(self.url, None) as session:
            outcome = (await ask(session, SIGN_IN, input=who))["signIn"]
        if "token" not in outcome:
            raise Over(outcome["message"])
        self.token = outcome["token"]
        keep(self.directory / "token", outcome["token"])

    def forget(self) -> None:
        (self.directory / "token").unlink(missing_ok=True)
        self.token = None

    def path_of(self, room_id: str) -> Path:
        return self.directory / f"{sha256(room_id.encode()).hexdigest()[:16]}.json"


@asynccontextmanager
async def connected(url: str, token: str | None) -> AsyncIterator[AsyncClientSession]:
    """
    One WebSocket, for queries, mutations and the stream.

    gql's own reconnecting session is of no use here: it repeats a subscription with the variables
    that it had at first, and so with a cursor that is long past.
    """
    transport = WebsocketsTransport(
        url.replace("http", "ws", 1),
        init_payload={"Authorization": f"Bearer {token}"} if token else {},
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    try:
        async with Client(transport=transport, execute_timeout=15) as session:
            yield session
    except TransportError as error:
        raise ending_of(error) or error from error


async def ask(session: AsyncClientSession, operation: str, **variables: Any) -> dict[str, Any]:
    return await session.execute(GraphQLRequest(operation, variable_values=variables))


class Conversation:
    """A room, followed for as long as there is access to it."""

    def __init__(self, account: Account, room_id: str) -> None:
        self._account = account
        self._path = account.path_of(room_id)
        self._place = Place.load(self._path, room_id)
        self._typed = asyncio.Event()
        self._pauses = pauses()
        self._lost = False

    async def follow(self) -> None:
        """Stay until access ends, across whatever happens to the connection; raises Over."""
        self._show_what_is_kept()
        while True:
            try:
                async with connected(self._account.url, self._account.token) as session:
                    await self._take_part(session)
            except QueryAgain:
                self._place.cursor, self._pauses = None, pauses()  # the server is there
            except TROUBLE as error:
                if not self._lost:
                    say(f"      Not connected, trying again: {error}")
                self._lost = True
            await asyncio.sleep(next(self._pauses))

    def write(self, text: str) -> None:
        """Send ``text``, now or when there is a connection, also in a later run."""
        self._place.write(text)
        self._place.save(self._path)
        self._typed.set()

    async def _take_part(self, session: AsyncClientSession) -> None:
        if self._place.cursor is None:
            await self._load(session)
        speaking = asyncio.create_task(self._speak(session))
        try:
            await self._listen(session)
        finally:
            speaking.cancel()

    async def _load(self, session: AsyncClientSession) -> None:
        answer = await ask(session, ROOM, id=self._place.room_id)
        if answer["viewer"] is None:
            raise SignedOut
        if answer["room"] is None:
            raise Over("There is no such room, or you are not in it.")
        self._place.replace(answer["room"])
        self._place.save(self._path)
        self._show_what_is_kept()

    async def _listen(self, session: AsyncClientSession) -> None:
        variables = {"id": self._place.room_id, "after": self._place.cursor}
        request = GraphQLRequest(EVENTS, variable_values=variables)
        # Closed at once: while gql thinks that somebody listens, it lingers for 10 s.
        async with aclosing(session.subscribe(request)) as results:
            async for result in results:
                self._apply(result["roomEvents"])

    def _apply(self, event: dict[str, Any]) -> None:
        line = self._place.apply(event)
        self._place.save(self._path)
        if line is not None:
            say(line)
        if event["__typename"] == "CaughtUp":
            say(f"      Connected to “{self._place.title}”.")
            self._pauses, self._lost = pauses(), False

    async def _speak(self, session: AsyncClientSession) -> None:
        """Send what there is, one after the other. Each may be sent twice, and arrives once."""
        waiting = pauses()
        with suppress(TransportError, Ending):  # whoever listens finds out as well
            while True:
                while self._place.unsent:
                    if not await self._send(session, self._place.unsent[0]):
                        await asyncio.sleep(next(waiting))
                self._typed.clear()
                await self._typed.wait()

    async def _send(self, session: AsyncClientSession, unsent: dict[str, str]) -> bool:
        """Whether that is settled."""
        try:
            answer = await ask(session, SEND, input={"roomId": self._place.room_id, **unsent})
        except (TransportQueryError, TimeoutError):
            return False
        outcome = answer["sendMessage"]
        if outcome.get("code") in ("RATE_LIMITED", "UNAUTHENTICATED"):
            await asyncio.sleep(outcome.get("retryAfter", 1))
            return False
        if "code" in outcome:
            say(f"      Not sent: {outcome['message']} ({unsent['text']})")
        self._place.settle(unsent["clientMutationId"])
        self._place.save(self._path)
        return True

    def _show_what_is_kept(self) -> None:
        for line in self._place.messages[-20:]:
            say(line)


def ending_of(error: TransportError) -> Ending | None:
    """Why the server refused or closed; None if that was no more than trouble."""
    if isinstance(error, TransportQueryError):
        first = (error.errors or [{}])[0]
        return refused(first.get("extensions", {}).get("code"))
    frame = getattr(error.__cause__, "rcvd", None)  # of websockets' ConnectionClosed
    return closed(frame.code if frame else None)


async def choose_room(account: Account, wanted: str | None) -> str:
    """The id of a room by its id, its title, or its number in the list that is shown."""
    async with connected(account.url, account.token) as session:
        viewer = (await ask(session, ROOMS))["viewer"]
    if viewer is None:
        raise SignedOut
    rooms = viewer["rooms"]["nodes"]
    if not wanted:
        for number, room in enumerate(rooms, 1):
            say(f"{number:4}  {room['title']}")
        wanted = (await asyncio.to_thread(input, "Room: ")).strip()
    for number, room in enumerate(rooms, 1):
        if wanted in (str(number), room["id"], room["title"]):
            return room["id"]
    raise Over(f"You are in no room “{wanted}”.")


def pass_on_lines(conversation: Conversation, ended: asyncio.Event) -> None:
    """Give each line that is typed to the conversation. A thread: stdin cannot be awaited."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            if text := line.strip():
                loop.call_soon_threadsafe(conversation.write, text)
        if sys.stdin.isatty():  # Ctrl-D; a pipe that has ended leaves us reading
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()


async def main(options: argparse.Namespace) -> None:
    account = Account(options.url, options.user)
    try:
        if account.token is None:
            await account.sign_in()
        conversation = Conversation(account, await choose_room(account, options.room))
        ended = asyncio.Event()
        pass_on_lines(conversation, ended)
        following = asyncio.ensure_future(conversation.follow())
        ending = asyncio.ensure_future(ended.wait())
        await asyncio.wait([following, ending], return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()
    except SignedOut:
        account.forget()
        raise


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # it is a terminal's client


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Anteroom in a terminal.")
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql")
    parser.add_argument("--user", help="asked for if it is left out")
    parser.add_argument("--room", help="id or title; chosen from a list if it is left out")
    try:
        chosen = parser.parse_args()
        chosen.user = chosen.user or input("Username: ")
        asyncio.run(main(chosen))
    except (Ending, *TROUBLE) as problem:
        sys.exit(str(problem))
    except (KeyboardInterrupt, EOFError):
        sys.exit(130)
