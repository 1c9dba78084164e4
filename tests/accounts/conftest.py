from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections

from accounts import sightings
from realtime import bell

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _cheap_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_memory_of_sightings() -> Iterator[None]:
    sightings.forget()
    yield
    sightings.forget()


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The groups that were rung for."""
    groups: list[str] = []
    monkeypatch.setattr(bell, "ring_group", groups.append)
    return groups


@pytest.fixture
async def database_of_threads(transactional_db: None) -> AsyncIterator[None]:
    """The database as async code reaches it: from a thread, which lets go of it in the end."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD, first_name="Bob", last_name="Bee")


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve", password=PASSWORD)
