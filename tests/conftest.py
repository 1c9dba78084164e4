from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db import connection


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``only_on`` another database than this run's."""
    others = [item for item in items if not _belongs_here(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


def _belongs_here(item: pytest.Item) -> bool:
    return all(connection.vendor in mark.args for mark in item.iter_markers("only_on"))


@pytest.fixture(autouse=True)
def _nobody_is_counted(settings: Any) -> None:
    """Tests do in a second what people do in an hour; those of the limits switch them on."""
    settings.LIMITED = False


@pytest.fixture(autouse=True)
def _a_channel_layer_of_its_own() -> Iterator[None]:
    """A layer's queues belong to the event loop of one test."""
    channel_layers.backends.clear()
    yield
    channel_layers.backends.clear()
