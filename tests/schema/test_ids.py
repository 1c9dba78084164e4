"""Global ids lead back to what they name, and nothing else leads anywhere."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema import ids

TYPENAMES = st.from_regex(r"[A-Za-z]{1,20}", fullmatch=True)
ROWS = st.integers(0, 10**19 - 1)


@given(TYPENAMES, ROWS)
def test_an_id_leads_back_to_what_it_names(typename: str, row: int) -> None:
    text = ids.encode(typename, row)

    assert ids.decode(text) == (typename, row)
    assert ids.row_id(text, typename) == row
    assert ids.row_id(text, typename + "x") is None


@given(
    st.text()
    | st.text("ABCDabcd0129+/=", max_size=90)
    | st.binary().map(lambda raw: base64.b64encode(raw).decode())
)
def test_any_text_is_an_id_in_its_one_spelling_or_none(text: str) -> None:
    found = ids.decode(text)

    assert found is None or ids.encode(*found) == text


@pytest.mark.parametrize(
    "content",
    [
        *("", ":", "Room", "Room:", ":1", "Room:-1", "Room:+1", "Room:01", "Room: 1", "Room:1 "),
        *("Room:1\n", "Room:1:1", "Room:one", "Room:1.0", "Room:\u0661", "Røm:1", "Room:1\0", "7"),
        "Room:" + "9" * 20,
    ],
)
def test_what_only_looks_like_an_id_is_none(content: str) -> None:
    assert ids.decode(base64.b64encode(content.encode()).decode()) is None


@pytest.mark.parametrize(
    "text", ["", "7", "Room:7", "Um9vbTo3 ", "Um9vbTo3\n", "Um9vbTo3=", "\0", "\ud800"]
)
def test_an_id_is_not_decorated(text: str) -> None:
    assert ids.decode("Um9vbTo3") == ("Room", 7)
    assert ids.decode(text) is None
