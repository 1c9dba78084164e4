"""
One's place in a room: what has happened there as far as we have applied it, and the cursor.

Both are kept in one file, which is replaced whole. So what the file shows and where it resumes
always fit, however the program ends: nothing is missed and nothing is shown twice. No network
and no library here; client.py has those.

What can end a stream is raised::

    Ending
    ├── QueryAgain     the cursor cannot be resumed from
    └── Over           there is nothing to come back to; the text is for people
        └── SignedOut
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds."""

KEPT = 200
"""Messages that are kept on disk; the server has them all."""


class Ending(Exception):
    """A stream has ended, and not because the network failed."""


class QueryAgain(Ending):
    """The cursor is too old, or belongs to another history: load the room, go on from there."""


class Over(Ending):
    """There is nothing to come back to."""


class SignedOut(Over):
    """Nor will there be, before signing in again."""

    def __init__(self) -> None:
        super().__init__("You have been signed out. Start again to sign in.")


FAREWELLS = {
    "REMOVED": "The owner has removed you from this room.",
    "LEFT": "You have left this room.",
    "ROOM_DELETED": "The owner has deleted this room.",
}
SIGNED_OUT_CODES = {4401, 4403}
HOPELESS_CODES = {4400, 4406, 4409, 4429}


@dataclass
class Place:
    """
    A room as far as its events have been applied, up to ``cursor``.

    ``unsent`` holds what was typed and not yet taken by the server, each text with the
    name (``clientMutationId``) under which it may be sent any number of times.
    """

    room_id: str
    title: str = ""
    cursor: str | None = None
    messages: list[str] = field(default_factory=list)
    unsent: list[dict[str, str]] = field(default_factory=list)

    def replace(self, room: Mapping[str, Any]) -> None:
        """Begin anew from what a query has answered, which is exact at its ``eventCursor``."""
        self.title = room["title"]
        self.messages = [_said(message) for message in room["messages"]["nodes"]][-KEPT:]
        self.cursor = room["eventCursor"]

    def apply(self, event: Mapping[str, Any]) -> str | None:
        """
        Change by one event, and move the cursor behind it; returns what to show, if anything.

        Raises:
            Ending: If it is the stream's last.

        """
        shown = self._change(event)
        self.cursor = event["cursor"]
        return shown

    def _change(self, event: Mapping[str, Any]) -> str | None:  # a table of events
        match event["__typename"]:
            case "MessageSent":
                return self._receive(event)
            case "MemberJoined":
                return f"      {event['user']['username']} comes in."
            case "MemberLeft":
                return f"      {event['user']['username']} is gone."
            case "JoinRequestCreated":
                return f"      {event['joinRequest']['user']['username']} is at the door."
            case "RoomRenamed":
                self.title = event["room"]["title"]
                return f"      The room is now called “{self.title}”."
            case "RoomDeleted":
                raise Over(FAREWELLS["ROOM_DELETED"])
            case "AccessRevoked":
                raise _revoked(event["reason"])
            case "CursorExpired":
                raise QueryAgain(event["reason"])
        return None

    def _receive(self, event: Mapping[str, Any]) -> str:
        line = _said(event["message"])
        self.messages = [*self.messages, line][-KEPT:]
        self.settle(event["clientMutationId"])
        return line

    def write(self, text: str) -> None:
        self.unsent.append({"clientMutationId": uuid4().hex, "text": text})

    def settle(self, name: str | None) -> None:
        """What was sent under ``name`` has arrived, or never will."""
        self.unsent = [each for each in self.unsent if each["clientMutationId"] != name]

    @classmethod
    def load(cls, path: Path, room_id: str) -> Place:
        """The place that was kept; a new one where there is none, or none that can be read."""
        try:
            place = cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return cls(room_id)
        return place if place.room_id == room_id else cls(room_id)

    def save(self, path: Path) -> None:
        """Replace the file whole: after a crash it is the old one or the new one."""
        keep(path, json.dumps(asdict(self)))


def keep(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.touch(mode=0o600)
    draft.write_text(text)
    os.replace(draft, path)  # noqa: PTH105  # as short


def pauses(chance: Callable[[], float] = random.random) -> Iterator[float]:
    """Seconds to wait before each new attempt: longer and longer, and never all at once."""
    longest = FIRST_PAUSE
    while True:
        yield chance() * longest
        longest = min(2 * longest, LONGEST_PAUSE)


def refused(code: str | None) -> Ending | None:
    """What the refusal of a subscription or query means; None if trying again may help."""
    match code:
        case "INVALID":
            return QueryAgain("The cursor is not of this room's stream.")
        case "NOT_FOUND":
            return Over("There is no such room, or you are not in it.")
        case "UNAUTHENTICATED":
            return SignedOut()
    return None


def closed(code: int | None) -> Ending | None:
    """What a socket's close code means; None if trying again may help."""
    if code in SIGNED_OUT_CODES:
        return SignedOut()
    return Over(f"The server does not understand us ({code}).") if code in HOPELESS_CODES else None


def _revoked(reason: str) -> Over:
    if reason == "SIGNED_OUT":
        return SignedOut()
    return Over(FAREWELLS.get(reason, f"You can no longer see this room ({reason})."))


def _said(message: Mapping[str, Any]) -> str:
    """One line, in which nothing steers the terminal."""
    text = "".join(letter if letter.isprintable() else " " for letter in message["text"])
    return f"{message['postedAt'][11:16]} {message['sender']['username']}: {text}"
