"""What people may write: each function returns the text to keep or raises ``Invalid``."""

from __future__ import annotations

import unicodedata

from chat import conf
from chat.errors import Invalid

TITLE_LENGTH = 50
CLIENT_MUTATION_ID_LENGTH = 64

_UNSEEN = {"Cc", "Cf", "Zs", "Zl", "Zp"}
_LONE_SURROGATE = "Cs"


def title(text: str) -> str:
    """Accept a room's title of one visible line; white space around it is dropped."""
    text = text.strip()
    _require_length("title", text, TITLE_LENGTH)
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise Invalid("title", "The title must not contain control characters.")
    _require_storable("title", text)
    _require_visible("title", text)
    return text


def message(text: str) -> str:
    """Accept a message exactly as written, line breaks and surrounding space included."""
    _require_length("text", text, conf.limits().message_length)
    _require_storable("text", text)
    _require_visible("text", text)
    return text


def client_mutation_id(text: str | None) -> str | None:
    """Accept what a client calls one of its attempts to send; ``None`` is none."""
    if text is None:
        return None
    _require_length("clientMutationId", text, CLIENT_MUTATION_ID_LENGTH)
    _require_storable("clientMutationId", text)
    return text


def _require_length(field: str, text: str, longest: int) -> None:
    if not 1 <= len(text) <= longest:
        raise Invalid(field, f"The {field} must have 1 to {longest} characters.")


def _require_storable(field: str, text: str) -> None:
    # PostgreSQL stores no NUL, and UTF-8 has no lone surrogates.
    if "\0" in text or any(unicodedata.category(each) == _LONE_SURROGATE for each in text):
        raise Invalid(field, f"The {field} contains a character that cannot be stored.")


def _require_visible(field: str, text: str) -> None:
    if all(unicodedata.category(character) in _UNSEEN for character in text):
        raise Invalid(field, f"The {field} must not be blank.")
