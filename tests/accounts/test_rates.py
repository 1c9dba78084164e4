from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts import actions, rates
from accounts.errors import Invalid, InvalidCredentials, RateLimited
from accounts.tallies import OwnTallies

pytestmark = pytest.mark.django_db

HOME, CAFE = "192.0.2.1", "192.0.2.2"
PASSWORD = "correct horse battery"

Rated = Callable[..., None]


@pytest.fixture
def rated(settings: Any) -> Iterator[Rated]:
    """Call it to have limits in force, counted from nothing."""

    def apply(**chosen: int) -> None:
        settings.LIMITED, settings.REDIS_HOSTS, settings.RATES = True, [], chosen
        rates.limits.cache_clear()
        rates.tallies.cache_clear()

    yield apply
    rates.limits.cache_clear()
    rates.tallies.cache_clear()


@pytest.fixture
def ann(settings: Any) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("ann", password=PASSWORD)


def guess(username: str, host: str) -> str:
    try:
        actions.authenticate_person(username, "wrong", host=host)
    except (InvalidCredentials, RateLimited) as error:
        return type(error).__name__
    raise AssertionError


WRONG, LIMITED = "InvalidCredentials", "RateLimited"


@pytest.mark.parametrize("username", ["ann", "nobody"])
def test_passwords_are_guessed_only_so_often_from_one_address(
    username: str, ann: User, rated: Rated
) -> None:
    rated(sign_ins=3)

    assert [guess(username, HOME) for _ in range(5)] == [WRONG] * 3 + [LIMITED] * 2


def test_other_spellings_of_a_username_count_as_the_same(ann: User, rated: Rated) -> None:
    rated(sign_ins=2)

    assert [guess(name, HOME) for name in ("ann", "ANN", "Ann")] == [WRONG, WRONG, LIMITED]


def test_one_address_tries_only_so_many_usernames(ann: User, rated: Rated) -> None:
    rated(sign_ins_address=3)

    assert [guess(f"user{n}", HOME) for n in range(4)] == [WRONG] * 3 + [LIMITED]
    assert guess("user4", CAFE) == WRONG


def test_many_addresses_together_guess_one_password_only_so_often(ann: User, rated: Rated) -> None:
    rated(sign_ins_strangers=3)

    assert [guess("ann", f"198.51.100.{n}") for n in range(4)] == [WRONG] * 3 + [LIMITED]


def test_nobody_is_locked_out_of_where_they_signed_in_before(ann: User, rated: Rated) -> None:
    rated(sign_ins_strangers=2)
    actions.authenticate_person("ann", PASSWORD, host=HOME)
    while guess("ann", CAFE) == WRONG:
        pass

    assert actions.authenticate_person("ann", PASSWORD, host=HOME) == ann
    with pytest.raises(RateLimited):
        actions.authenticate_person("ann", PASSWORD, host="203.0.113.9")


def test_a_known_address_guesses_no_faster(ann: User, rated: Rated) -> None:
    rated(sign_ins=3)
    actions.authenticate_person("ann", PASSWORD, host=HOME)

    assert [guess("ann", HOME) for _ in range(3)] == [WRONG, WRONG, LIMITED]


def test_a_wrong_password_makes_no_address_known(ann: User, rated: Rated) -> None:
    rated(sign_ins_strangers=2)

    assert [guess("ann", HOME) for _ in range(3)] == [WRONG, WRONG, LIMITED]


def test_what_is_refused_hashes_nothing(
    ann: User, rated: Rated, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated(sign_ins=1)
    guess("ann", HOME)
    monkeypatch.setattr(actions, "authenticate", None)

    assert guess("ann", HOME) == LIMITED


def test_neighbours_in_one_ipv6_network_share_their_allowance(ann: User, rated: Rated) -> None:
    rated(sign_ins=1)

    assert [guess("ann", f"2001:db8::{n}") for n in (1, 2)] == [WRONG, LIMITED]


def test_sign_ups_from_one_address_are_limited_whatever_comes_of_them(rated: Rated) -> None:
    rated(sign_ups=2)
    actions.create_person("one", PASSWORD, host=HOME)
    with pytest.raises(Invalid):
        actions.create_person("one", PASSWORD, host=HOME)

    with pytest.raises(RateLimited) as refused:
        actions.create_person("two", PASSWORD, host=HOME)

    assert 1 <= refused.value.retry_after <= 30
    assert actions.create_person("three", PASSWORD, host=CAFE)


def test_the_admin_site_is_no_way_around(ann: User, rated: Rated) -> None:
    rated(sign_ins=2)
    User.objects.filter(pk=ann.pk).update(is_staff=True)

    def sign_in(password: str) -> str:
        form = {"username": "ann", "password": password}
        return Client().post("/admin/login/", form, REMOTE_ADDR=HOME).content.decode()

    assert "Too often" not in sign_in("wrong") + sign_in("wrong")
    assert "Too often. Try again in" in sign_in(PASSWORD)


def test_switched_off_nothing_is_counted(ann: User, rated: Rated, settings: Any) -> None:
    rated(sign_ins=1)
    settings.LIMITED = False

    assert {guess("ann", HOME) for _ in range(5)} == {WRONG}
    assert rates.tallies().spend([rates._allowance("sign_ins", f"ann {HOME}")]) == 0.0


def test_what_is_kept_tells_no_names(rated: Rated) -> None:
    rated()

    rates.spend_sign_in("ann", HOME)
    rates.welcome("ann", HOME)

    own = rates.tallies()
    assert isinstance(own, OwnTallies)
    kept = " ".join((*own._full_at, *own._known))
    assert "sign_ins" in kept
    assert "ann" not in kept
    assert HOME not in kept
