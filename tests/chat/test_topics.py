from __future__ import annotations

import pytest

from chat import topics


def test_the_names_of_topics_are_fixed() -> None:
    assert topics.room(7) == "room.7"
    assert topics.owner(7) == "room.7.owner"
    assert topics.user(3) == "user.3"


@pytest.mark.parametrize("room_id", [1, 9, 10, 2**63 - 1])
@pytest.mark.parametrize("user_id", [1, 9, 10])
def test_a_rooms_topics_come_before_any_persons(room_id: int, user_id: int) -> None:
    names = topics.of_admission(room_id, user_id)

    assert list(names) == sorted(names)
    assert set(topics.of_end(room_id)) < set(names)
    assert max(topics.of_end(room_id)) < topics.user(user_id)
