from __future__ import annotations

import io
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import call_command

from chat import demo
from chat.models import Message, Room


@pytest.fixture
def directory(transactional_db: None, settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


def _printed() -> str:
    out = io.StringIO()
    call_command("create_demo", stdout=out)
    return out.getvalue()


def test_an_empty_installation_gets_people_and_rooms(directory: Path) -> None:
    printed = _printed()

    assert set(User.objects.values_list("username", flat=True)) == set(demo.PEOPLE)
    assert [each.username for each in User.objects.filter(is_superuser=True)] == ["admin"]
    rooms = {room.title: room for room in Room.objects.all()}
    assert {title: room.access for title, room in rooms.items()} == {
        "Lobby": "OPEN",
        "The anteroom": "BY_REQUEST",
    }
    assert {room.memberships.get().user.username for room in rooms.values()} == {"alice"}
    assert Message.objects.filter(room=rooms["The anteroom"]).count() == 3
    assert rooms["The anteroom"].join_code in printed


def test_the_sign_ins_that_are_printed_work(directory: Path) -> None:
    printed = _printed()

    sign_ins = demo.demo_sign_ins()

    assert [each.username for each in sign_ins] == list(demo.PEOPLE)
    for username, password in sign_ins:
        assert re.search(rf"^{username} +{password}$", printed, re.MULTILINE)
        assert authenticate(username=username, password=password) is not None


def test_passwords_are_random_and_for_the_operators_eyes_only(directory: Path) -> None:
    demo.create()
    passwords = {each.password for each in demo.demo_sign_ins()}

    assert len(passwords) == len(demo.PEOPLE)
    assert all(re.fullmatch(r"([a-z]+-){3}\d{4}", each) for each in passwords)
    assert [stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()] == [0o600]


def test_a_later_start_makes_nothing_and_prints_the_same(directory: Path) -> None:
    first = _printed()

    assert _printed() == first
    assert not demo.create()
    assert Room.objects.count() == 2


def test_an_installation_with_a_user_of_its_own_gets_nothing(directory: Path) -> None:
    User.objects.create(username="eve")

    assert _printed() == ""
    assert not Room.objects.exists()
    assert demo.demo_sign_ins() == []


def test_people_whose_passwords_cannot_be_kept_are_not_made(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError

    monkeypatch.setattr(demo, "_keep", full)
    with pytest.raises(OSError):  # noqa: PT011  # the operating system's error has no words here
        demo.create()

    assert not User.objects.exists()
