from __future__ import annotations

import pytest

# One place for what a hub, a gate and a room are made of: these are the fixtures of
# the packages' own tests.
from tests.chat.conftest import world  # noqa: F401
from tests.realtime.conftest import _chosen_limits, door, hub, layer  # noqa: F401


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "limits(**limits): run the test under these limits")
