from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

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
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD, first_name="Bob", last_name="Bee")


@pytest.fixture
def eve(db: None) -> User:
    return User.objects.create_user("eve", password=PASSWORD)
