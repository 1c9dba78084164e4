"""Cursors: read back as they were made, and nothing else is read at all."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from realtime import cursors, epoch
from realtime.cursors import Cursor
from realtime.errors import InvalidCursor

TOPICS = ["room.7", "room.7.owner"]
CURSOR = Cursor("epoch_-9", (12, 3))
TEXT_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

names = st.from_regex(r"[a-z]{1,5}\.[0-9]{1,19}(\.owner)?", fullmatch=True)
offsets = st.integers(0, 2**63 - 1)


@given(st.dictionaries(names, offsets, min_size=1, max_size=3))
def test_a_cursor_is_read_back_as_it_was_made(positions: dict[str, int]) -> None:
    cursor = Cursor(epoch._new(), tuple(positions.values()))

    text = cursors.encode(cursor, list(positions))

    assert cursors.decode(text, list(positions)) == cursor
    assert len(text) <= cursors.LONGEST


@given(st.tuples(offsets, offsets))
def test_a_cursor_is_safe_in_urls_and_headers(positions: tuple[int, int]) -> None:
    text = cursors.encode(Cursor(epoch._new(), positions), TOPICS)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)


@pytest.mark.parametrize(
    "topics",
    [TOPICS[:1], TOPICS[::-1], [*TOPICS, "user.1"], ["room.8", "room.8.owner"], []],
    ids=["fewer", "other order", "more", "others", "none"],
)
def test_a_cursor_fits_no_other_topics(topics: list[str]) -> None:
    """G5: a position in one stream says nothing in another."""
    text = cursors.encode(CURSOR, TOPICS)

    with pytest.raises(InvalidCursor):
        cursors.decode(text, topics)


def test_a_cursor_that_is_cut_short_anywhere_is_invalid() -> None:
    text = cursors.encode(CURSOR, TOPICS)

    for length in range(len(text)):
        with pytest.raises(InvalidCursor):
            cursors.decode(text[:length], TOPICS)


def test_a_cursor_with_any_character_changed_is_invalid() -> None:
    text = cursors.encode(CURSOR, TOPICS)

    for place in range(len(text)):
        for other in TEXT_ALPHABET:
            if other != text[place]:
                with pytest.raises(InvalidCursor):
                    cursors.decode(text[:place] + other + text[place + 1 :], TOPICS)


@given(st.text(max_size=500) | st.text(TEXT_ALPHABET + "=+/ \n", max_size=500))
def test_text_from_elsewhere_is_invalid(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode(text, TOPICS)


@pytest.mark.parametrize("decorate", ["{}=", "{}==", "{} ", " {}", "{}\n", "{}A", "{}AAAA"])
def test_one_cursor_has_one_text(decorate: str) -> None:
    text = cursors.encode(CURSOR, TOPICS)

    with pytest.raises(InvalidCursor):
        cursors.decode(decorate.format(text), TOPICS)


def test_the_other_base64_alphabet_is_another_text() -> None:
    text = next(
        text
        for number in range(10_000)
        if "-" in (text := cursors.encode(Cursor("e", (number, 0)), TOPICS))
    )

    with pytest.raises(InvalidCursor):
        cursors.decode(text.replace("-", "+"), TOPICS)


@pytest.mark.parametrize("text", ["", "A" * 401, "A" * 1_000_000, "é" * 40, "\ud800" * 40, "\0"])
def test_absurd_text_is_invalid_and_costs_nothing(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode(text, TOPICS)


def test_text_longer_than_any_cursor_is_not_even_looked_at() -> None:
    text = cursors.encode(Cursor("e" * cursors.LONGEST, (1, 2)), TOPICS)

    with pytest.raises(InvalidCursor):
        cursors.decode(text, TOPICS)


def test_a_cursor_signed_with_another_key_is_invalid(settings: Settings) -> None:
    text = cursors.encode(CURSOR, TOPICS)

    settings.SECRET_KEY = "another key"

    with pytest.raises(InvalidCursor):
        cursors.decode(text, TOPICS)


def test_a_cursor_outlives_a_change_of_keys_by_the_fallbacks(settings: Settings) -> None:
    text = cursors.encode(CURSOR, TOPICS)

    settings.SECRET_KEY_FALLBACKS = ["older still", settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"

    assert cursors.decode(text, TOPICS) == CURSOR
    assert cursors.encode(CURSOR, TOPICS) != text


def test_a_signature_over_other_content_does_not_sign_this() -> None:
    raw = base64.urlsafe_b64decode(cursors.encode(CURSOR, TOPICS) + "==")
    forged = base64.urlsafe_b64encode(raw.replace(b" 12 ", b" 11 ")).rstrip(b"=").decode()

    with pytest.raises(InvalidCursor):
        cursors.decode(forged, TOPICS)
