"""People with accounts, who act in windows of their own and also without one."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from chat.demo import SignIn
from tests.browser.room_page import PATIENCE
from tests.server import Server

_SIGN_IN = """
mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { token } } }
"""
_CREATE = """
mutation ($input: CreateRoomInput!) {
  createRoom(input: $input) { ... on CreateRoomSuccess { room { id databaseId title } } }
}
"""
_JOIN = "mutation ($input: JoinRoomInput!) { joinRoom(input: $input) { __typename } }"
_SEND = "mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }"
_OF_THE_NETWORK = ("Failed to load resource", "WebSocket connection to")
_numbers = count(1)


class Room:
    """A room that a test has for itself; ``members`` enter by its open door."""

    def __init__(self, owner: Person, *members: Person, access: str = "OPEN") -> None:
        self.title = f"Room {next(_numbers)}"
        made = owner.do(_CREATE, title=self.title, access=access)["createRoom"]["room"]
        self.id: str = made["id"]
        self.number: int = made["databaseId"]
        self.path = f"/room/{self.number}"
        for member in members:
            member.do(_JOIN, roomId=self.id)


class Person:
    """
    Somebody of the demo at the server that ``base`` is the address of.

    ``complaints`` gathers what browsers say is wrong with the pages: scripts that fail, what
    the content security policy refuses, files that cannot be loaded.
    """

    def __init__(self, browser: Browser, base: str, sign_in: SignIn) -> None:
        self.base = base
        self.username, self.password = sign_in
        self.complaints: list[str] = []
        self.expects_outages = False
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._http = httpx.Client(base_url=base, timeout=20)

    def window(self, **options: Any) -> BrowserContext:
        """A new browser, with no cookie and nothing stored."""
        context = self._browser.new_context(base_url=self.base, **options)
        context.set_default_timeout(PATIENCE)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self._contexts.append(context)
        return context

    def signed_in(self, **options: Any) -> BrowserContext:
        """A new browser in which the person is signed in already."""
        context = self.window(**options)
        variables = {"input": {"username": self.username, "password": self.password}}
        body = {"query": _SIGN_IN, "variables": variables}
        assert context.request.post(f"{self.base}/graphql", data=body).ok
        return context

    def open(self, path: str = "/", **options: Any) -> Page:
        """A page of a new browser in which the person is signed in."""
        page = self.signed_in(**options).new_page()
        page.goto(self.base + path)
        return page

    def do(self, mutation: str, **values: Any) -> Any:
        """Run a mutation without any window, and return its data."""
        if "Authorization" not in self._http.headers:
            self._http.headers["Authorization"] = f"Bearer {self._token()}"
        return self._post(mutation, values)

    def say(self, room: Room, text: str) -> None:
        self.do(_SEND, roomId=room.id, text=text)

    def go(self) -> None:
        for context in self._contexts:
            context.close()
        self._http.close()

    def _token(self) -> str:
        data = self._post(_SIGN_IN, {"username": self.username, "password": self.password})
        token: str = data["signIn"]["token"]
        return token

    def _post(self, mutation: str, values: dict[str, Any]) -> Any:
        body = {"query": mutation, "variables": {"input": values}}
        answer = self._http.post("/graphql", json=body).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def _hear(self, message: ConsoleMessage) -> None:
        is_outage = self.expects_outages and message.text.startswith(_OF_THE_NETWORK)
        if message.type == "error" and not is_outage:
            self.complaints.append(message.text)


def everybody(browser: Browser, server: Server, base: str | None = None) -> dict[str, Person]:
    """The demo's people at ``server``, or at another address that leads to it."""
    lines = Path(server.environment["DATA_DIR"], "demo.txt").read_text().splitlines()
    sign_ins = [SignIn(*line.split()) for line in lines]
    return {who.username: Person(browser, base or server.http, who) for who in sign_ins}
