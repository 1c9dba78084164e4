"""Limits from Django's settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

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
