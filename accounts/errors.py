"""
What can go wrong in ``accounts``, all of it expected::

    AccountsError
    ├── Invalid              what somebody typed cannot be used; names the field
    ├── InvalidCredentials   no active person has this username and password
    ├── NotFound             the person has no such session
    └── RateLimited          somebody does this too often

Each is also a sentence that may be shown to the person.
"""

from __future__ import annotations


class AccountsError(Exception):
    """The parent of everything below."""


class Invalid(AccountsError):
    """``field`` is the API's name for what is wrong: username, password, firstName, lastName."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


class InvalidCredentials(AccountsError):
    """Says the same whether the username, the password or the account is the reason."""

    def __init__(self) -> None:
        super().__init__("No active account has this username and password.")


class NotFound(AccountsError):
    def __init__(self, what: str = "session") -> None:
        super().__init__(f"There is no such {what}.")


class RateLimited(AccountsError):
    """``retry_after`` is in seconds, 1 at least."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too often. Try again in {retry_after} s.")
        self.retry_after = retry_after
