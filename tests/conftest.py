from __future__ import annotations

from collections.abc import Iterator

import pytest
from channels.layers import channel_layers


@pytest.fixture(autouse=True)
def _a_channel_layer_of_its_own() -> Iterator[None]:
    """A layer's queues belong to the event loop of one test."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()
