"""What a pooler between the server and PostgreSQL does not carry from one statement to the next."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection


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
