"""
What a person can be told instead of getting what was asked for::

    ChatError
    ├── Unauthenticated               nobody is signed in, or the account is not active
    ├── NotFound                      there is none, or it is not the caller's to see
    ├── Forbidden                     the caller may see it, but not do this with it
    ├── Conflict                      the state of things does not allow it
    │   ├── AlreadyMember
    │   ├── AlreadyRequested
    │   ├── AlreadyDecided
    │   ├── OwnerStays
    │   ├── RoomIsOpen
    │   ├── RoomIsByRequest
    │   └── ClientMutationIdReused
    └── Invalid                       a value that was sent cannot be used

Each is a sentence that may be shown, and carries what it is about.
"""

from __future__ import annotations


class ChatError(Exception):
    """The parent of everything below."""


class Unauthenticated(ChatError):
    def __init__(self) -> None:
        super().__init__("Sign in first.")


class NotFound(ChatError):
    """Says the same whether a thing does not exist or is hidden from the caller."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}.")
        self.what = what


class Forbidden(ChatError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(ChatError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AlreadyMember(Conflict):
    def __init__(self, username: str) -> None:
        super().__init__(f"{username} is already a member of this room.")
        self.username = username


class AlreadyRequested(Conflict):
    def __init__(self, username: str) -> None:
        super().__init__(f"{username} already has a pending request to join this room.")
        self.username = username


class AlreadyDecided(Conflict):
    """``status`` is what the request came to."""

    def __init__(self, status: str) -> None:
        super().__init__(f"This request is no longer pending: it is {status.lower()}.")
        self.status = status


class OwnerStays(Conflict):
    def __init__(self, username: str) -> None:
        super().__init__(f"{username} owns this room and cannot leave it or be removed.")
        self.username = username


class RoomIsOpen(Conflict):
    def __init__(self, title: str) -> None:
        super().__init__(f"{title} is open: join it, there is nothing to request.")
        self.title = title


class RoomIsByRequest(Conflict):
    def __init__(self, title: str) -> None:
        super().__init__(f"{title} is not open: request to join it.")
        self.title = title


class ClientMutationIdReused(Conflict):
    def __init__(self, client_mutation_id: str) -> None:
        super().__init__("This clientMutationId was used for another text.")
        self.client_mutation_id = client_mutation_id


class Invalid(ChatError):
    """``field`` is the name that the API gives to the input field."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
