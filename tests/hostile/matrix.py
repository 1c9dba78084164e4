"""
Who gets what: every query field, mutation, subscription and plain topic, for everyone.

Data only. It is checked cell by cell against the running schema, and
docs/reference/authorisation.md is printed from it (``python -m tests.hostile.page``).
"""

from __future__ import annotations

from typing import NamedTuple

DATA = "data"
NULL = "null"
UNAUTHENTICATED = "UNAUTHENTICATED"
FORBIDDEN = "FORBIDDEN"
NOT_FOUND = "NOT_FOUND"
CONFLICT = "CONFLICT"
INVALID = "INVALID"


class Cells(NamedTuple):
    """One outcome for each standing towards a room."""

    signed_out: str
    stranger: str
    requester: str
    member: str
    owner: str
    former: str
    readmitted: str
    staff: str


class Row(NamedTuple):
    """``case`` names what is asked, where one field has several answers."""

    field: str
    case: str
    cells: Cells

    def __str__(self) -> str:
        return f"{self.field} {self.case}".strip()


STANDINGS = {
    "signed_out": "Nobody is signed in.",
    "stranger": "Has nothing to do with the room.",
    "requester": "Has asked to come in, and waits.",
    "member": "Was let in.",
    "owner": "Founded the room.",
    "former": "Was let in, and removed.",
    "readmitted": "Was let in, removed, and let in again.",
    "staff": "Is in no room. Django's permissions count in the admin site only.",
}


def _alike(signed_out: str, others: str) -> Cells:
    return Cells(signed_out, *[others] * 7)


def _members(signed_out: str, outsiders: str, member: str, owner: str | None = None) -> Cells:
    """``outsiders`` are a stranger, the requester, a former member and the staff."""
    return Cells(
        signed_out,
        outsiders,
        outsiders,
        member,
        owner or member,
        outsiders,
        member,
        outsiders,
    )


def _requester(signed_out: str, outsiders: str, requester: str, owner: str) -> Cells:
    return _members(signed_out, outsiders, outsiders, owner)._replace(requester=requester)


_ONLY_MEMBERS = _members(NULL, NULL, DATA)
_ONLY_OWNER = _members(NULL, NULL, NULL, DATA)
_ONESELF = _alike(NULL, DATA)
_OWNERS_DEED = _members(UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, DATA)

QUERIES = (
    Row("Query.viewer", "", _ONESELF),
    Row("Viewer.user", "", _ONESELF),
    Row("Viewer.rooms", "", _ONESELF),
    Row("Viewer.joinRequests", "", _ONESELF),
    Row("Viewer.sessions", "", _ONESELF),
    Row("Viewer.eventCursor", "", _ONESELF),
    Row("Query.room", "", _ONLY_MEMBERS),
    Row("Room.id", "", _ONLY_MEMBERS),
    Row("Room.databaseId", "", _ONLY_MEMBERS),
    Row("Room.title", "", _ONLY_MEMBERS),
    Row("Room.access", "", _ONLY_MEMBERS),
    Row("Room.createdAt", "", _ONLY_MEMBERS),
    Row("Room.owner", "", _ONLY_MEMBERS),
    Row("Room.viewerRole", "", _ONLY_MEMBERS),
    Row("Room.members", "", _ONLY_MEMBERS),
    Row("Room.messages", "", _ONLY_MEMBERS),
    Row("Room.eventCursor", "", _ONLY_MEMBERS),
    Row("Room.joinRequests", "", _ONLY_OWNER),
    Row("Room.joinCode", "", _ONLY_OWNER),
    Row("Query.roomPreview", "by the room's join code", _alike(UNAUTHENTICATED, DATA)),
    Row("Query.roomPreview", "by a code that leads nowhere", _alike(UNAUTHENTICATED, NULL)),
    Row("Query.openRooms", "", _alike(UNAUTHENTICATED, DATA)),
    Row("Query.node", "of the room", _ONLY_MEMBERS),
    Row("Query.node", "of a message in it", _ONLY_MEMBERS),
    Row("Query.node", "of the request to join", _requester(NULL, NULL, DATA, DATA)),
    Row("Query.node", "of the owner", _ONLY_MEMBERS),
    Row("Query.node", "of the requester", _requester(NULL, NULL, DATA, DATA)),
    Row("Query.roomEvents", "after a member's cursor", _members(NULL, NULL, DATA, INVALID)),
    Row("Query.roomEvents", "after the owner's cursor", _members(NULL, NULL, INVALID, DATA)),
    Row("Query.userEvents", "after one's own cursor", _ONESELF),
    Row("Query.userEvents", "after the owner's cursor", _alike(NULL, INVALID)._replace(owner=DATA)),
)

MUTATIONS = (
    Row("Mutation.signUp", "", _alike(DATA, DATA)),
    Row("Mutation.signIn", "with one's own password", _alike(DATA, DATA)),
    Row("Mutation.signIn", "with a wrong password", _alike(UNAUTHENTICATED, UNAUTHENTICATED)),
    Row("Mutation.signOut", "", _alike(UNAUTHENTICATED, DATA)),
    Row("Mutation.revokeSession", "one's own", _alike(UNAUTHENTICATED, DATA)),
    Row("Mutation.revokeSession", "another's", _alike(UNAUTHENTICATED, NOT_FOUND)),
    Row("Mutation.createRoom", "", _alike(UNAUTHENTICATED, DATA)),
    Row("Mutation.renameRoom", "", _OWNERS_DEED),
    Row("Mutation.rotateJoinCode", "", _OWNERS_DEED),
    Row("Mutation.deleteRoom", "", _OWNERS_DEED),
    Row("Mutation.joinRoom", "by request", _members(UNAUTHENTICATED, NOT_FOUND, CONFLICT)),
    Row("Mutation.joinRoom", "open", _members(UNAUTHENTICATED, DATA, CONFLICT)),
    Row(
        "Mutation.requestToJoin",
        "by request",
        _members(UNAUTHENTICATED, DATA, CONFLICT)._replace(requester=CONFLICT),
    ),
    Row("Mutation.requestToJoin", "open", _alike(UNAUTHENTICATED, CONFLICT)),
    Row(
        "Mutation.withdrawJoinRequest",
        "",
        _requester(UNAUTHENTICATED, NOT_FOUND, DATA, FORBIDDEN),
    ),
    Row(
        "Mutation.admitJoinRequest",
        "",
        _requester(UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, DATA),
    ),
    Row(
        "Mutation.denyJoinRequest",
        "",
        _requester(UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, DATA),
    ),
    Row("Mutation.removeMember", "a member", _OWNERS_DEED),
    Row(
        "Mutation.removeMember",
        "the owner",
        _members(UNAUTHENTICATED, NOT_FOUND, FORBIDDEN, CONFLICT),
    ),
    Row("Mutation.leaveRoom", "", _members(UNAUTHENTICATED, NOT_FOUND, DATA, CONFLICT)),
    Row("Mutation.sendMessage", "", _members(UNAUTHENTICATED, NOT_FOUND, DATA)),
)

STREAMS = (
    Row("Subscription.roomEvents", "from now on", _members(UNAUTHENTICATED, NOT_FOUND, DATA)),
    Row(
        "Subscription.roomEvents",
        "after a member's cursor",
        _members(UNAUTHENTICATED, NOT_FOUND, DATA, INVALID),
    ),
    Row(
        "Subscription.roomEvents",
        "after the owner's cursor",
        _members(UNAUTHENTICATED, NOT_FOUND, INVALID, DATA),
    ),
    Row("Subscription.userEvents", "from now on", _alike(UNAUTHENTICATED, DATA)),
    Row(
        "Subscription.userEvents",
        "after the owner's cursor",
        _alike(UNAUTHENTICATED, INVALID)._replace(owner=DATA),
    ),
    Row("/ws/room", "from now on", _members("4401", "4403", DATA)),
    Row("/ws/room", "after a member's cursor", _members("4401", "4403", DATA, "4400")),
    Row("/ws/room", "after the owner's cursor", _members("4401", "4403", "4400", DATA)),
    Row("/ws/room", "of a room that is not there", _alike("4401", "4404")),
    Row("/ws/user", "one's own", _alike("4401", DATA)),
    Row("/ws/user", "the owner's", _alike("4401", "4403")._replace(owner=DATA)),
)

ROWS = QUERIES + MUTATIONS + STREAMS
