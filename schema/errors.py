"""
Errors that a caller can expect, as data; and the same as top-level errors where
there is no place for data.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import strawberry

import accounts.errors
import chat.errors
import realtime.errors


@strawberry.enum
class ErrorCode(Enum):
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"


@strawberry.interface
class Error:
    code: ErrorCode
    message: str


@strawberry.type
class Unauthenticated(Error):
    pass


@strawberry.type
class Forbidden(Error):
    pass


@strawberry.type
class NotFound(Error):
    pass


@strawberry.type
class Conflict(Error):
    pass


@strawberry.type
class InvalidInput(Error):
    field: str


@strawberry.type
class RateLimited(Error):
    retry_after: int = strawberry.field(description="Seconds.")


EXPECTED = (chat.errors.ChatError, accounts.errors.AccountsError, realtime.errors.InvalidCursor)
"""What resolvers raise because of what they were asked."""

ErrorData: TypeAlias = (
    Unauthenticated | Forbidden | NotFound | Conflict | InvalidInput | RateLimited
)


def error_of(error: Exception) -> ErrorData:  # noqa: PLR0911  # one case for each kind
    """
    Return an expected error as data.

    Raises:
        Exception: The error itself, if it is none of ``EXPECTED``.

    """
    message = str(error)
    match error:
        case chat.errors.Unauthenticated() | accounts.errors.InvalidCredentials():
            return Unauthenticated(code=ErrorCode.UNAUTHENTICATED, message=message)
        case chat.errors.Forbidden():
            return Forbidden(code=ErrorCode.FORBIDDEN, message=message)
        case chat.errors.NotFound() | accounts.errors.NotFound():
            return NotFound(code=ErrorCode.NOT_FOUND, message=message)
        case chat.errors.Conflict():
            return Conflict(code=ErrorCode.CONFLICT, message=message)
        case chat.errors.Invalid(field=field) | accounts.errors.Invalid(field=field):
            return InvalidInput(code=ErrorCode.INVALID, message=message, field=field)
        case accounts.errors.RateLimited(retry_after=seconds):
            return RateLimited(code=ErrorCode.RATE_LIMITED, message=message, retry_after=seconds)
        case realtime.errors.InvalidCursor():
            return InvalidInput(code=ErrorCode.INVALID, message=message, field="after")
        case _:
            raise error
