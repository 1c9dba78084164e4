from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.signing import Signer

from accounts.tokens import session_key_of, token_for

KEY = "0123456789abcdefghijklmnopqrstuv"


def test_a_token_gives_back_its_session_key() -> None:
    assert session_key_of(token_for(KEY)) == KEY


def test_a_token_fits_an_authorization_header() -> None:
    assert re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", token_for(KEY))


def test_a_token_outlives_the_rotation_of_the_secret_key(settings: Any) -> None:
    token = token_for(KEY)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert session_key_of(token) == KEY


def test_a_token_dies_with_the_last_key_that_signed_it(settings: Any) -> None:
    token = token_for(KEY)

    settings.SECRET_KEY = "a new one"

    assert session_key_of(token) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        KEY,
        f"{KEY}.forged",
        Signer(sep=".").sign(KEY),
        token_for(KEY) + "x",
        token_for(KEY).replace("0", "1", 1),
        token_for("a" * 4000),
        "\ud800.\ud800",
        "é.é",
    ],
)
def test_anything_else_is_no_token(token: str) -> None:
    assert session_key_of(token) is None
