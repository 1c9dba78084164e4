from __future__ import annotations

from typing import Any

import pytest

from schema import execution, ids, requests
from schema.requests import Request
from schema.transports import SocketContext
from tests.accounts.test_rates import Rated, rated
from tests.schema.conftest import Inhabited, ask, context_of, do

__all__ = ["rated"]


def often(times: int, mutation: str, **kwargs: Any) -> list[str]:
    return [do(mutation, **kwargs)["__typename"] for _ in range(times)]


def test_messages_are_sent_only_so_often(house: Inhabited, rated: Rated) -> None:
    rated(sends=2)

    outcomes = often(3, "sendMessage", by=house.bob, roomId=house.room_id, text="Hello")

    assert outcomes == ["SendMessageSuccess"] * 2 + ["RateLimited"]
    assert house.room.messages.count() == 2
    assert often(1, "sendMessage", by=house.alice, roomId=house.room_id, text="Hi") == [
        "SendMessageSuccess"
    ]


def test_a_refusal_says_when_to_come_back(house: Inhabited, rated: Rated) -> None:
    rated(sends=2)
    often(2, "sendMessage", by=house.bob, roomId=house.room_id, text="Hello")
    query = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
        ... on RateLimited { code message retryAfter } } }"""

    answer = ask(query, by=house.bob, input={"roomId": house.room_id, "text": "Hello"})

    outcome = answer["data"]["sendMessage"]
    assert outcome["code"] == "RATE_LIMITED"
    assert 15 < outcome["retryAfter"] <= 30
    assert outcome["message"] == f"Too often. Try again in {outcome['retryAfter']} s."


def test_rooms_are_made_only_so_often(house: Inhabited, rated: Rated) -> None:
    rated(rooms=1)

    outcomes = often(2, "createRoom", by=house.bob, title="Another", access="OPEN")

    assert outcomes == ["CreateRoomSuccess", "RateLimited"]


def test_join_codes_and_rooms_to_enter_are_tried_only_so_often(
    house: Inhabited, rated: Rated
) -> None:
    rated(joins=3)
    code = house.room.join_code
    preview = f'{{ roomPreview(joinCode: "{code}") {{ id }} }}'

    assert often(1, "requestToJoin", by=house.dave, joinCode="x") == ["NotFound"]
    assert ask('{ roomPreview(joinCode: "x") { id } }', by=house.dave)["data"] == {
        "roomPreview": None
    }
    assert often(1, "joinRoom", by=house.dave, roomId=ids.encode("Room", 999)) == ["NotFound"]

    assert often(1, "requestToJoin", by=house.dave, joinCode=code) == ["RateLimited"]
    assert often(1, "joinRoom", by=house.dave, roomId=house.lobby_id) == ["RateLimited"]
    [error] = ask(preview, by=house.dave)["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 1 <= error["extensions"]["retryAfter"] <= 20
    assert ask(preview, by=house.carol)["data"]["roomPreview"] is not None


@pytest.mark.parametrize("mutation", ["signIn", "signUp"])
def test_signing_in_and_up_is_counted_by_the_client_s_address(
    mutation: str, house: Inhabited, rated: Rated
) -> None:
    rated(sign_ins_address=1, sign_ups=1)
    kind = mutation[0].upper() + mutation[1:]
    operation = requests.prepare(
        Request(
            f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}",
            {"input": {"username": "new", "password": "pass"}},
        )
    )

    def outcome(host: str) -> str:
        result = execution.run(operation, SocketContext(None, "Tests", host))
        assert result.data is not None
        return str(result.data[mutation]["__typename"])

    assert outcome("192.0.2.1") != "RateLimited"
    assert outcome("192.0.2.1") == "RateLimited"
    assert outcome("192.0.2.2") != "RateLimited"
    assert context_of(None).host == ""
