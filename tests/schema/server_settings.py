"""What the server under test runs with: the project's settings, and hashes that cost little."""

from __future__ import annotations

import os

from project.settings import *  # noqa: F403  # settings extend settings

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if os.environ.get("RINGS") == "dropped":
    CHANNEL_LAYERS = {"default": {"BACKEND": "tests.realtime.layers.Dropping"}}
