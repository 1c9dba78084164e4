from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat import conf, texts
from chat.errors import Invalid

REFUSED = [
    (texts.title, "title", text)
    for text in ("", "   ", "a" * 51, "a" * 100_000, "a\0b", "a\nb", "a\x7fb", "\ud800", "\u200b")
] + [
    (texts.message, "text", text)
    for text in ("", " \n\t", "a" * 2001, "a" * 100_000, "a\0b", "a\udfffb", "\u200b\u2060")
] + [
    (texts.client_mutation_id, "clientMutationId", text)
    for text in ("", "a" * 65, "a" * 100_000, "a\0", "\ud800")
]  # fmt: skip


@pytest.mark.parametrize(("accept", "field", "text"), REFUSED)
def test_what_cannot_be_used_is_invalid(
    accept: Callable[[str], Any], field: str, text: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accept(text)

    assert refused.value.field == field
    assert refused.value.reason.startswith(f"The {field} ")


@pytest.mark.parametrize("text", ["a", "a" * 50, "Ünï cödé 👩‍👩‍👧", "🏠itle"])
def test_a_title_is_one_visible_line_of_50_characters(text: str) -> None:
    assert texts.title(f" {text}\n") == text


@pytest.mark.parametrize("text", ["a", "a" * 2000, " two\nlines\t\n", "👍", "\u202eabc"])
def test_a_message_is_kept_as_it_was_written(text: str) -> None:
    assert texts.message(text) == text


def test_the_length_of_messages_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "limits", lambda: conf.Limits(message_length=3))

    assert texts.message("abc") == "abc"
    with pytest.raises(Invalid, match="1 to 3"):
        texts.message("abcd")


@pytest.mark.parametrize("text", [None, "a", "a" * 64, "6f1c-…"])
def test_a_client_may_name_its_attempts(text: str | None) -> None:
    assert texts.client_mutation_id(text) == text
