"""What the server under test runs with where limits are what is tested: small ones."""

from __future__ import annotations

from tests.schema.server_settings import *  # noqa: F403  # settings extend settings

SOCKETS = {"person": 2, "address": 3, "messages": 5}
RATES = {"sign_ins": 2, "sign_ups": 1_000}
