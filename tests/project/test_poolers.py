"""What a pooler between the server and PostgreSQL does not carry from one statement to the next."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from project import environment


@pytest.mark.only_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_no_cursor_outlives_the_statement_that_opened_it() -> None:
    User.objects.bulk_create(User(username=name) for name in ("ann", "bob"))

    rows = User.objects.values_list("username").iterator(chunk_size=1)
    next(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_cursors WHERE name LIKE '\\_django%'")
        left = cursor.fetchall()

    assert left == []


def _prepared() -> int:
    with connection.cursor() as cursor:
        for _ in range(10):
            cursor.execute("SELECT %s::int", [1])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return int(cursor.fetchone()[0])


@pytest.mark.only_on("postgresql")
@pytest.mark.django_db(transaction=True)
def test_statements_are_prepared() -> None:
    assert _prepared()


@pytest.mark.parametrize(("switch", "prepares"), [("on", True), ("off", False)])
def test_a_switch_says_whether_statements_are_prepared(
    monkeypatch: pytest.MonkeyPatch, switch: str, prepares: bool
) -> None:
    monkeypatch.setenv("PREPARED_STATEMENTS", switch)

    options = environment._postgresql({})["OPTIONS"]

    assert ("prepare_threshold" in options) is prepares
    assert ("server_side_binding" in options) is prepares
