"""
Cursors: where a reader stands in the topics that it follows, as signed text.

A cursor names its epoch and one offset for each topic. The topics themselves are
part of the signature only, so that a cursor is short and fits no other stream.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.crypto import salted_hmac

from realtime.errors import InvalidCursor

LONGEST = 400
"""Characters; anything longer was not given out here."""

_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """``offsets`` belong to the topics that the cursor was signed for, in their order."""

    epoch: str
    offsets: tuple[int, ...]


def encode(cursor: Cursor, topics: Sequence[str]) -> str:
    """Return ``cursor`` as text that is safe in URLs and headers."""
    content = " ".join([cursor.epoch, *map(str, cursor.offsets)]).encode()
    signature = _signature(_keys()[0], content, topics)
    return base64.urlsafe_b64encode(signature + content).rstrip(b"=").decode()


def decode(text: str, topics: Sequence[str]) -> Cursor:
    """
    Return the cursor that :func:`encode` made for just these topics.

    Keys in ``SECRET_KEY_FALLBACKS`` are honoured.

    Raises:
        InvalidCursor: If ``text`` is anything else.

    """
    signature, content = _split(text)
    expected = (_signature(key, content, topics) for key in _keys())
    if not any(hmac.compare_digest(signature, each) for each in expected):
        raise InvalidCursor
    epoch, *offsets = content.decode().split(" ")
    return Cursor(epoch, tuple(map(int, offsets)))


def _split(text: str) -> tuple[bytes, bytes]:
    if not text or len(text) > LONGEST or not text.isascii():
        raise InvalidCursor
    try:
        # Strict, and compared with its own encoding: one cursor has one text.
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise InvalidCursor
    return raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]


def _signature(key: hmac.HMAC, content: bytes, topics: Sequence[str]) -> bytes:
    signature = key.copy()
    signature.update("\n".join(topics).encode() + b"\0" + content)
    return signature.digest()[:_SIGNATURE_BYTES]


@cache
def _keys() -> Sequence[hmac.HMAC]:
    secrets: Iterator[str | bytes] = iter([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    return [
        hmac.new(salted_hmac("realtime.cursors", b"", each).digest(), digestmod=hashlib.sha256)
        for each in secrets
    ]


def _forget_keys(*, setting: str, **_: object) -> None:
    if setting.startswith("SECRET_KEY"):
        _keys.cache_clear()


setting_changed.connect(_forget_keys)
