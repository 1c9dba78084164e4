"""What the server under test runs with where it is to lose its patience: the project's settings."""

from __future__ import annotations

from project.settings import *  # noqa: F403  # settings extend settings

REALTIME = {"send_deadline": 0.5}
