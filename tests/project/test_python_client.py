"""The part of the terminal client that needs no network: place.py."""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "frontend_examples" / "python"
sys.path.append(str(EXAMPLE))

import operations  # noqa: E402  # a script's neighbour, not a package of ours
import place  # noqa: E402  # as above

ROOM = {"title": "The room", "eventCursor": "c1", "messages": {"nodes": []}}


def _event(kind: str, cursor: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"__typename": kind, "cursor": cursor, **fields}


def _message(text: str) -> dict[str, Any]:
    when = "2026-11-22T20:50:00+00:00"
    return {"text": text, "postedAt": when, "sender": {"username": "bob"}}


def _sent(text: str, cursor: str, name: str | None = None) -> dict[str, Any]:
    return _event("MessageSent", cursor, message=_message(text), clientMutationId=name)


@pytest.fixture
def here() -> place.Place:
    here = place.Place("room")
    here.replace(ROOM)
    return here


def test_state_and_cursor_are_kept_together(here: place.Place, tmp_path: Path) -> None:
    path = tmp_path / "kept" / "place.json"
    assert here.apply(_sent("Hello", "c2")) == "20:50 bob: Hello"
    here.save(path)

    again = place.Place.load(path, "room")

    assert again == here
    assert again.cursor == "c2"
    assert again.messages == ["20:50 bob: Hello"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_save_that_is_cut_short_leaves_what_was_there(
    here: place.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "place.json"
    here.save(path)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(place.os, "replace", crash)
    here.cursor = "c2"
    with pytest.raises(KeyboardInterrupt):
        here.save(path)

    assert place.Place.load(path, "room").cursor == "c1"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"room_id": "another", "cursor": "c9"}', '{"unknown": 1}']
)
def test_a_file_that_is_not_this_rooms_begins_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "place.json"
    path.write_text(text)

    assert place.Place.load(path, "room") == place.Place("room")
    assert place.Place.load(tmp_path / "none", "room").cursor is None


def test_what_was_typed_is_kept_under_one_name_until_it_arrives(
    here: place.Place, tmp_path: Path
) -> None:
    here.write("one")
    here.write("two")
    here.save(tmp_path / "place.json")
    again = place.Place.load(tmp_path / "place.json", "room")
    names = [each["clientMutationId"] for each in again.unsent]
    assert len(set(names)) == 2
    assert all(len(name) <= 64 for name in names)

    again.apply(_sent("one", "c2", names[0]))
    again.apply(_sent("somebody else's", "c3"))

    assert [each["text"] for each in again.unsent] == ["two"]


def test_every_event_moves_the_cursor_also_one_that_is_not_known(here: place.Place) -> None:
    here.apply(_event("CaughtUp", "c2"))
    assert here.cursor == "c2"

    assert here.apply(_event("SomethingNew", "c3")) is None
    assert here.cursor == "c3"


def test_a_rename_is_remembered(here: place.Place) -> None:
    here.apply(_event("RoomRenamed", "c2", room={"title": "Another"}))

    assert here.title == "Another"


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        (_event("AccessRevoked", reason="REMOVED"), place.Over),
        (_event("AccessRevoked", reason="SIGNED_OUT"), place.SignedOut),
        (_event("RoomDeleted", "c2"), place.Over),
        (_event("CursorExpired", reason="EPOCH"), place.QueryAgain),
    ],
    ids=lambda value: value.get("reason", "") if isinstance(value, dict) else value.__name__,
)
def test_a_last_event_ends_the_stream_and_leaves_the_cursor(
    here: place.Place, event: dict[str, Any], ending: type[Exception]
) -> None:
    with pytest.raises(place.Ending) as ended:
        here.apply(event)

    assert type(ended.value) is ending
    assert here.cursor == "c1"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *(("INVALID", place.QueryAgain), ("NOT_FOUND", place.Over)),
        *(("UNAUTHENTICATED", place.SignedOut), ("UNAVAILABLE", type(None)), (None, type(None))),
    ],
)
def test_refusals_are_told_from_trouble(code: str | None, expected: type) -> None:
    assert type(place.refused(code)) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((4401, place.SignedOut), (4403, place.SignedOut), (4400, place.Over)),
        *((1006, type(None)), (1012, type(None)), (4408, type(None)), (None, type(None))),
    ],
)
def test_close_codes_are_told_from_trouble(code: int | None, expected: type) -> None:
    assert type(place.closed(code)) is expected


def test_pauses_grow_to_a_limit_and_are_spread() -> None:
    assert list(islice(place.pauses(lambda: 1.0), 8)) == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert next(place.pauses(lambda: 0.0)) == 0


def test_nothing_that_is_said_steers_the_terminal(here: place.Place) -> None:
    line = here.apply(_sent("a\x1b[2Jb\nc", "c2"))

    assert line == "20:50 bob: a [2Jb c"


def test_a_bounded_number_of_messages_is_kept(here: place.Place, tmp_path: Path) -> None:
    for number in range(place.KEPT + 5):
        here.apply(_sent(str(number), f"c{number}"))
    here.save(tmp_path / "place.json")

    kept = json.loads((tmp_path / "place.json").read_text())["messages"]
    assert len(kept) == place.KEPT
    assert kept[-1].endswith(str(place.KEPT + 4))


def test_what_the_client_sends_is_what_the_api_understands() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    texts = [text for name, text in vars(operations).items() if name.isupper()]

    assert len(texts) == 5
    assert [error for text in texts for error in validate(schema, parse(text))] == []
