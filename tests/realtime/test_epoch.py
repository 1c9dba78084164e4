"""The epoch: one identity for one history."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from realtime import epoch, log
from realtime.models import EpochRow

pytestmark = pytest.mark.django_db(transaction=True)


def current() -> str:
    return log.marks([]).epoch


def test_a_new_database_has_an_epoch_and_keeps_it() -> None:
    before = current()

    epoch.ensure()

    assert current() == before


def test_a_database_has_no_second_epoch() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EpochRow.objects.create(id=2, value="another")


def test_rotating_begins_a_new_history() -> None:
    """G8."""
    before = current()

    after = epoch.rotate()

    assert after == current() != before


def test_of_many_who_notice_a_restore_one_rotates() -> None:
    before = current()

    first, second = epoch.rotate(before), epoch.rotate(before)

    assert first == second == current() != before


def test_the_command_rotates_and_says_so() -> None:
    before, out = current(), StringIO()

    call_command("rotate_epoch", stdout=out)

    assert current() != before
    assert current() in out.getvalue()
