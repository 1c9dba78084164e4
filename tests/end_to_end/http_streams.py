"""The client's end of a stream over HTTP/1.1: server-sent events, or Apollo's multipart."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode, urlsplit

from tests.clients import DEADLINE, Json

HttpWire: TypeAlias = Literal["sse", "multipart"]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ACCEPTED: dict[HttpWire, str] = {
    "sse": "text/event-stream",
    "multipart": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,"
    "application/graphql-response+json,application/json;q=0.9",
}


@dataclass
class Frame:
    """One event or part; ``data`` is none for ``complete`` and for a heartbeat."""

    kind: str
    data: Json | None = None
    cursor: str | None = None


class HttpStream:
    """A response that goes on; every read has to be bounded by whoever reads."""

    def __init__(self, connection: Connection, wire: HttpWire) -> None:
        self._reader, self.connection = connection
        self._separator = b"\n\n" if wire == "sse" else b"\r\n--graphql"
        # The first delimiter stands at the beginning of a line.
        self._buffer = b"" if wire == "sse" else b"\r\n"
        self.status = 0
        self.headers: dict[str, str] = {}

    async def begin(self) -> None:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        self.status = int(head[0].split()[1])
        pairs = (line.partition(":") for line in head[1:] if line)
        self.headers = {name.lower(): value.strip() for name, _, value in pairs}

    @property
    def is_stream(self) -> bool:
        return not self.headers["content-type"].endswith("json; charset=utf-8")

    async def body(self) -> Json:
        """The whole body of a response that is no stream."""
        content = await self._reader.readexactly(int(self.headers["content-length"]))
        body: Json = json.loads(content)
        return body

    async def frame(self) -> Frame:
        """
        The next frame.

        Raises:
            EOFError: If the response is over, as it should be.
            OSError: If the connection is.

        """
        while self._separator not in self._buffer:
            chunk = await self._chunk()
            if not chunk:
                raise EOFError(self._buffer)
            self._buffer += chunk
        raw, _, self._buffer = self._buffer.partition(self._separator)
        return _event(raw) if self._separator == b"\n\n" else _part(raw)

    async def _chunk(self) -> bytes:
        if "content-length" in self.headers:
            return await self._reader.readexactly(int(self.headers.pop("content-length")))
        if "transfer-encoding" not in self.headers:
            return b""
        try:
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            return (await self._reader.readexactly(size + 2))[:-2]
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError("The connection is gone.") from error


@asynccontextmanager
async def opened(
    address: str,
    wire: HttpWire,
    parameters: Json,
    headers: Mapping[str, str] | None = None,
    over: socket.socket | None = None,
) -> AsyncIterator[HttpStream]:
    """A stream, or whatever the answer is: by GET as browsers do it, or by POST as Apollo does."""
    url = urlsplit(address)
    if over is not None:
        over.setblocking(False)
        connection = await asyncio.open_connection(sock=over)
    else:
        connection = await asyncio.open_connection(url.hostname, url.port)
    method, target, body = _asked(wire, parameters)
    given = {"Host": url.netloc, "Accept": ACCEPTED[wire], **(headers or {})}
    if body:
        given |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    connection[1].write(f"{method} {url.path}{target} HTTP/1.1\r\n{head}\r\n".encode() + body)
    try:
        stream = HttpStream(connection, wire)
        async with asyncio.timeout(DEADLINE):
            await stream.begin()
        yield stream
    finally:
        connection[1].transport.abort()


def _asked(wire: HttpWire, parameters: Json) -> tuple[str, str, bytes]:
    if wire == "multipart":
        return "POST", "", json.dumps(parameters).encode()
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
    }
    return "GET", f"?{urlencode(texts)}", b""


def _event(raw: bytes) -> Frame:
    fields: dict[str, str] = {}
    for line in raw.decode().split("\n"):
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")
    data = json.loads(fields["data"]) if fields.get("data") else None
    return Frame(fields.get("event", "heartbeat"), data, fields.get("id"))


def _part(raw: bytes) -> Frame:
    head, _, content = raw.partition(b"\r\n\r\n")
    if not content:
        return Frame("heartbeat")
    assert head.strip() == b"Content-Type: application/json"
    part: Json = json.loads(content)
    if not part:
        return Frame("heartbeat")
    if part["payload"] is None:
        return Frame("failure", part)
    return Frame("next", part["payload"])
