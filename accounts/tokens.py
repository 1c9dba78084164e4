"""
Bearer tokens: a session's key, signed.

Nothing is stored for them; they live as long as the session.
"""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

LONGEST_TOKEN = 200


def token_for(session_key: str) -> str:
    """Return the token that opens the session; fit for an Authorization header (RFC 6750, 2.1)."""
    return _signer().sign(session_key)


def session_key_of(token: str) -> str | None:
    """Return the key in a token signed with ``SECRET_KEY`` or one of ``SECRET_KEY_FALLBACKS``."""
    if len(token) > LONGEST_TOKEN or not token.isascii():
        return None
    try:
        return _signer().unsign(token)
    except BadSignature:
        return None


def _signer() -> Signer:
    return Signer(salt="accounts.tokens", sep=".")
