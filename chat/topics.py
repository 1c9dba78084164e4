"""
The topics that rooms and people have, and which of them each change concerns.

``room.<id>`` is what members see, ``room.<id>.owner`` what only the owner sees,
``user.<id>`` what concerns one person. Locks are taken in the order of the
names: all of a room before any person.
"""

from __future__ import annotations


def room(room_id: int) -> str:
    return f"room.{room_id}"


def owner(room_id: int) -> str:
    return f"room.{room_id}.owner"


def user(user_id: int) -> str:
    return f"user.{user_id}"


def of_talk(room_id: int) -> tuple[str, ...]:
    """Sending and renaming: every member."""
    return (room(room_id),)


def of_join_code(room_id: int) -> tuple[str, ...]:
    return (owner(room_id),)


def of_membership(room_id: int, user_id: int) -> tuple[str, ...]:
    """Joining, leaving and being removed: every member, and the person."""
    return (room(room_id), user(user_id))


def of_request(room_id: int, user_id: int) -> tuple[str, ...]:
    """Requesting, denying and withdrawing: the owner and the requester."""
    return (owner(room_id), user(user_id))


def of_admission(room_id: int, user_id: int) -> tuple[str, ...]:
    return (room(room_id), owner(room_id), user(user_id))


def of_end(room_id: int) -> tuple[str, ...]:
    """
    Deleting a room.

    While these are held nobody joins, leaves or requests, so the people whose topics
    are concerned as well can then be read, and locked in one more call.
    """
    return (room(room_id), owner(room_id))
