"""The settings of ``chat``, each with its default: keys of ``settings.CHAT``."""

from __future__ import annotations

from django.conf import settings


def message_length() -> int:
    """How many characters a message may have (``MESSAGE_LENGTH``)."""
    return int(getattr(settings, "CHAT", {}).get("MESSAGE_LENGTH", 2000))
