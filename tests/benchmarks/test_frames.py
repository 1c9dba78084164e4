from __future__ import annotations

import pytest

from benchmarks import frames


def from_server(payload: bytes, first: int = frames.TEXT) -> bytes:
    size = len(payload)
    header = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2)
    return bytes([first]) + header + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 300, 65_535])
def test_frames_are_split_where_they_end(size: int) -> None:
    stream = from_server(b"a" * size) + from_server(b"next")

    split = list(frames.split(stream))

    assert [payload for _, payload, _ in split] == [b"a" * size, b"next"]
    assert split[-1][2] == len(stream)


@pytest.mark.parametrize("size", [5, 300])
def test_a_frame_that_is_not_whole_is_not_given(size: int) -> None:
    stream = from_server(b"a" * size)

    assert all(list(frames.split(stream[:end])) == [] for end in range(len(stream)))


@pytest.mark.parametrize("size", [5, 125, 126, 300])
def test_what_a_client_sends_is_masked_with_zeros(size: int) -> None:
    frame = frames.text(b"a" * size)

    width = 2 if size < 126 else 4
    assert frame[1] & 0x80
    assert frame[width : width + 4] == b"\0\0\0\0"
    assert frame[width + 4 :] == b"a" * size


def test_a_handshake_offers_a_subprotocol_and_no_extension() -> None:
    hello = frames.handshake("/graphql", 8000, "graphql-transport-ws")

    assert hello.startswith(b"GET /graphql HTTP/1.1\r\n")
    assert b"\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n" in hello
    assert b"Extensions" not in hello
