"""
Rooms and who is in them.

Reading is done with the query sets' own words; writing only by ``chat.changes``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Sequence
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, models
from django.db.models import F, Q, Value
from django.db.models.functions import Length, Trim
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from chat.guard import Guarded, GuardedQuerySet


def new_join_code() -> str:
    """22 URL-safe characters that cannot be guessed: 128 bits."""
    return secrets.token_urlsafe(16)


def _not_blank(field: str) -> GreaterThan:
    return GreaterThan(Length(Trim(F(field))), Value(0))


class RoomQuerySet(GuardedQuerySet["Room"]):
    def visible_to(self, user: User) -> RoomQuerySet:
        """The rooms that ``user`` is in: from outside no one sees more than a preview."""
        return self.filter(memberships__user=user)

    def open(self) -> RoomQuerySet:
        return self.filter(access=Room.Access.OPEN)

    def owned_by(self, user: User) -> RoomQuerySet:
        return self.filter(owner=user)

    def with_owner(self) -> RoomQuerySet:
        return self.select_related("owner")


class Room(Guarded):
    """A conversation with a door. Its owner is a member of it and does not change."""

    class Access(models.TextChoices):
        OPEN = "OPEN", "Open"
        BY_REQUEST = "BY_REQUEST", "By request"

    changed_by: ClassVar = ("create_room", "rename_room", "rotate_join_code", "delete_room")

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_rooms"
    )
    title = models.CharField(max_length=50)
    access = models.CharField(max_length=10, choices=Access.choices)
    join_code = models.CharField(max_length=32, default=new_join_code, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta(Guarded.Meta):
        constraints = [
            # Not unique=True on the field, which on PostgreSQL adds an index for LIKE.
            models.UniqueConstraint(fields=["join_code"], name="chat_room_join_code"),
            models.CheckConstraint(name="chat_room_title_not_blank", condition=_not_blank("title")),
            models.CheckConstraint(
                name="chat_room_access_known", condition=Q(access__in=["OPEN", "BY_REQUEST"])
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MembershipQuerySet(GuardedQuerySet["Membership"]):
    def of(self, user: User) -> MembershipQuerySet:
        return self.filter(user=user)

    def with_room(self) -> MembershipQuerySet:
        """Load what telling of a membership needs."""
        return self.select_related("user", "room__owner")


_AMONG_PAIRS = """
    SELECT held.user_id, held.room_id, room.owner_id
    FROM {asked} JOIN chat_membership AS held ON held.user_id = {user} AND held.room_id = {room}
    JOIN chat_room AS room ON room.id = held.room_id
"""

_AMONG = {
    "postgresql": _AMONG_PAIRS.format(
        asked="unnest(%s::bigint[], %s::bigint[]) AS asked (user_id, room_id)",
        user="asked.user_id",
        room="asked.room_id",
    ),
    "sqlite": _AMONG_PAIRS.format(
        asked="json_each(%s) AS asked",
        user="json_extract(asked.value, '$[0]')",
        room="json_extract(asked.value, '$[1]')",
    ),
}

_HOLDS = """
    SELECT 1 FROM chat_membership AS held JOIN auth_user AS person ON person.id = held.user_id
    WHERE held.user_id = %s AND held.room_id = %s AND person.is_active
"""

_ROOM_BETWEEN = """
    SELECT room.id, room.owner_id, room.title, room.access,
        owner.id, owner.username, owner.first_name, owner.last_name
    FROM chat_membership AS held JOIN chat_room AS room ON room.id = held.room_id
    JOIN auth_user AS owner ON owner.id = room.owner_id
    WHERE held.user_id = %s AND held.room_id = %s
"""

_MembershipManager = models.Manager.from_queryset(MembershipQuerySet)


class MembershipManager(_MembershipManager["Membership"]):
    # These stand on the way of every message and of every arrival. Written out, they take a
    # tenth of the time that Django takes to put the same queries together.

    def among(self, pairs: Collection[tuple[int, int]]) -> Sequence[tuple[int, int, int]]:
        """Those of ``pairs``, a user's id and a room's, that are; each with the room's owner's."""
        users, rooms = [user for user, _ in pairs], [room for _, room in pairs]
        is_sqlite = connection.vendor == "sqlite"
        with connection.cursor() as cursor:
            asked = [json.dumps(list(pairs))] if is_sqlite else [users, rooms]
            cursor.execute(_AMONG[connection.vendor], asked)
            found: Sequence[tuple[int, int, int]] = cursor.fetchall()
        return found

    def holds(self, user_id: int, room_id: int) -> bool:
        """Whether an active user is in the room."""
        with connection.cursor() as cursor:
            cursor.execute(_HOLDS, [user_id, room_id])
            return cursor.fetchone() is not None

    def room_between(self, user_id: int, room_id: int) -> Room | None:
        """The room with its owner, as far as messages tell of them, if the user is in it."""
        with connection.cursor() as cursor:
            cursor.execute(_ROOM_BETWEEN, [user_id, room_id])
            row = cursor.fetchone()
        if row is None:
            return None
        # In the order of the models' fields, as from_db() reads them.
        room = Room.from_db(connection.alias, ["id", "owner_id", "title", "access"], row[:4])
        names = ["id", "username", "first_name", "last_name"]
        room.owner = User.from_db(connection.alias, names, row[4:])
        return room

    def grant_to(self, user: User) -> Membership:
        """Let ``user`` into the room whose ``memberships`` these are."""
        return self.create(user=user)


class Membership(Guarded):
    """Someone is in a room, ``since`` then."""

    changed_by: ClassVar = ("admit", "join_open_room", "remove_member", "leave_room")

    # The unique constraint is the index for the members of a room.
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    since = models.DateTimeField(default=timezone.now, editable=False)

    objects = MembershipManager()

    class Meta(Guarded.Meta):
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="chat_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class MessageQuerySet(GuardedQuerySet["Message"]):
    def in_order(self) -> MessageQuerySet:
        """As everyone saw them appear; ids may differ from that on PostgreSQL."""
        return self.order_by("offset")

    def sent_as(self, client_mutation_id: str | None, *, by: User) -> Message | None:
        """The message that an earlier attempt of the same name made, if there was one."""
        if client_mutation_id is None:
            return None
        return self.filter(sender=by, client_mutation_id=client_mutation_id).one()


class Message(Guarded):
    """What someone said in a room; ``offset`` is the offset of the event that told it."""

    changed_by: ClassVar = ("send_message", "delete_room")

    # The unique constraint is the index for the messages of a room in order.
    room = models.ForeignKey(
        Room, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages"
    )
    text = models.TextField()
    offset = models.BigIntegerField(editable=False)
    client_mutation_id = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001  # NULL is "none given", "" never a name
    posted_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta(Guarded.Meta):
        constraints = [
            models.UniqueConstraint(fields=["room", "offset"], name="chat_message_offset"),
            models.UniqueConstraint(
                fields=["room", "sender", "client_mutation_id"],
                condition=Q(client_mutation_id__isnull=False),
                name="chat_message_sent_once",
            ),
            models.CheckConstraint(name="chat_message_not_blank", condition=_not_blank("text")),
        ]

    def __str__(self) -> str:
        return f"{self.sender}: {self.text[:40]}"


class JoinRequestQuerySet(GuardedQuerySet["JoinRequest"]):
    def pending(self) -> JoinRequestQuerySet:
        return self.filter(status=JoinRequest.Status.PENDING)

    def by(self, user: User) -> JoinRequestQuerySet:
        return self.filter(user=user)

    def for_owner(self, user: User) -> JoinRequestQuerySet:
        """The requests that are ``user``'s to decide, or were."""
        return self.filter(room__owner=user)

    def with_people(self) -> JoinRequestQuerySet:
        """Load what telling of a request needs."""
        return self.select_related("user", "room__owner")


class JoinRequest(Guarded):
    """Someone asks to come in. A decision is final; who was denied may ask again."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "⏳ Pending"
        ADMITTED = "ADMITTED", "✅ Admitted"
        DENIED = "DENIED", "✖️ Denied"
        WITHDRAWN = "WITHDRAWN", "↩️ Withdrawn"

    changed_by: ClassVar = ("request_to_join", "admit", "deny", "withdraw", "delete_join_request")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="join_requests"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, editable=False)

    objects = JoinRequestQuerySet.as_manager()

    class Meta(Guarded.Meta):
        indexes = [
            models.Index(
                fields=["room", "id"],
                condition=Q(status="PENDING"),
                name="chat_joinrequest_waiting",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "room"],
                condition=Q(status="PENDING"),
                name="chat_joinrequest_pending_once",
            ),
            models.CheckConstraint(
                name="chat_joinrequest_status_known",
                condition=Q(status__in=["PENDING", "ADMITTED", "DENIED", "WITHDRAWN"]),
            ),
            models.CheckConstraint(
                name="chat_joinrequest_pending_is_undecided",
                condition=Q(status="PENDING", decided_at__isnull=True)
                | (~Q(status="PENDING") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.room}"

    @property
    def is_pending(self) -> bool:
        return self.status == self.Status.PENDING

    def settle(self, status: Status, *, by: User) -> None:
        """Bring the request to its end, now and for good."""
        self.status, self.decided_by, self.decided_at = status, by, timezone.now()
        self.save(update_fields=["status", "decided_by", "decided_at"])
