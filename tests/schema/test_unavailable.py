"""A database that is away, already when it is asked who is asking."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import AsyncClient

from accounts.authentication import Identity
from schema import transports


def _fail(request: HttpRequest) -> Identity | None:
    raise OperationalError("away")


@pytest.mark.parametrize(
    "query", ["{ viewer { eventCursor } }", "mutation { signOut { __typename } }"]
)
async def test_a_database_that_is_away_is_an_error_with_a_code(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "identity_of_request", _fail)

    answer = await AsyncClient().post("/graphql", {"query": query}, content_type="application/json")

    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert [each["extensions"] for each in answer.json()["errors"]] == [{"code": "UNAVAILABLE"}]
