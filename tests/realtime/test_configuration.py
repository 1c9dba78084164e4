"""Limits from Django's settings."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

import accounts.rates
import accounts.seats
import chat.conf
import realtime.conf
import schema.conf
from realtime.conf import Limits, limits
from realtime.configuration import configured


def test_what_the_settings_say_overrides_the_defaults(settings: Any) -> None:
    settings.REALTIME = {"page_size": 7}

    chosen = configured(Limits, "REALTIME")

    assert (chosen.page_size, chosen.tail_size) == (7, Limits().tail_size)


@pytest.mark.parametrize(
    ("app", "setting"), [("realtime", "REALTIME"), ("chat", "CHAT"), ("schema", "GRAPHQL")]
)
def test_a_name_that_is_no_limit_is_an_error_when_the_process_starts(
    settings: Any, app: str, setting: str
) -> None:
    from chat.conf import limits as chat_limits
    from schema.conf import limits as schema_limits

    setattr(settings, setting, {"pages": 7})
    for cached in (limits, chat_limits, schema_limits):
        cached.cache_clear()

    with pytest.raises(ImproperlyConfigured, match=f"settings.{setting} has no limit named pages"):
        apps.get_app_config(app).ready()


SETTINGS = {
    "REALTIME": realtime.conf.Limits,
    "GRAPHQL": schema.conf.Limits,
    "RATES": accounts.rates.Limits,
    "SOCKETS": accounts.seats.Limits,
    "CHAT": chat.conf.Limits,
}
WRONG: dict[type, list[object]] = {
    int: [0, -1, 1.5, "7", None, True, float("inf"), [7]],
    float: [0, 0.0, -0.5, float("inf"), float("nan"), "7", None, True],
    bool: [0, 1, "yes", None],
}
EXPECTED = {int: "a whole number from 1", float: "a number above 0", bool: "True or False"}


@pytest.mark.parametrize(
    ("setting", "limit", "value"),
    [
        (setting, limit, value)
        for setting, limits in SETTINGS.items()
        for limit in fields(limits)
        for value in WRONG[type(limit.default)]
    ],
    ids=lambda each: each.name if isinstance(each, Field) else repr(each),
)
def test_a_limit_that_cannot_be_is_an_error_that_says_what_can(
    settings: Any, setting: str, limit: Field[Any], value: object
) -> None:
    setattr(settings, setting, {limit.name: value})

    with pytest.raises(ImproperlyConfigured) as refused:
        configured(SETTINGS[setting], setting)

    said = (
        f"settings.{setting}[{limit.name!r}] = {value!r} must be {EXPECTED[type(limit.default)]}."
    )
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("setting", "limit"),
    [(setting, limit) for setting, limits in SETTINGS.items() for limit in fields(limits)],
    ids=lambda each: each.name if isinstance(each, Field) else each,
)
def test_a_limit_may_be_as_small_as_can_be(settings: Any, setting: str, limit: Field[Any]) -> None:
    least = {int: 1, float: 0.001, bool: False}[type(limit.default)]
    setattr(settings, setting, {limit.name: least})

    assert getattr(configured(SETTINGS[setting], setting), limit.name) == least


@pytest.mark.parametrize("value", [None, 7, [("page_size", 7)], "page_size"])
def test_what_is_no_dictionary_is_an_error(settings: Any, value: object) -> None:
    settings.REALTIME = value

    with pytest.raises(ImproperlyConfigured, match=r"settings\.REALTIME must be a dictionary"):
        configured(Limits, "REALTIME")
