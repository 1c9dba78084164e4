"""What the ledger's servers run with: the project's settings, and hashes that cost little."""

from __future__ import annotations

from project.settings import *  # noqa: F403  # settings extend settings

# People sign in all the time here; what is measured is not how long hashing takes.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Whoever follows over HTTP has no ping of their own to find out that the line is dead.
GRAPHQL = {"stream_heartbeat": 1.0}
