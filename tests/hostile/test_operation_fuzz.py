"""Whatever operation or body comes, nothing goes wrong on the server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from graphql import print_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from schema.api import core
from tests.clients import DEADLINE
from tests.hostile.test_socket_fuzz import anything, payloads, text
from tests.schema.conftest import TLS, Inhabited, ask, house, world
from tests.server import Server

__all__ = ["house", "world"]

bounded = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # to make a document that goes wrong smaller would take minutes
    suppress_health_check=list(HealthCheck),
)
SCHEMA = print_schema(core)
ODD = ["", "\0", "Um9vbTox", "x" * 300, "😀", "-1", str(2**64), "'; --", "%", "null"]
SCALARS = {
    "Cursor": st.sampled_from(ODD).map(nodes.String),
    "DateTime": st.just("2026-11-22T00:00:00+00:00").map(nodes.String),
}


@pytest.fixture
def cheap(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _goes_wrong(answer: dict[str, Any]) -> bool:
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    return "INTERNAL_SERVER_ERROR" in codes


def test_no_query_goes_wrong(house: Inhabited) -> None:
    @bounded
    @given(document=queries(SCHEMA, custom_scalars=SCALARS))
    def hurl(document: str) -> None:
        for person in (None, house.alice, house.dave):
            answer = ask(document, by=person)
            assert not _goes_wrong(answer), answer

    hurl()


def test_no_mutation_goes_wrong(house: Inhabited, cheap: None) -> None:
    @bounded
    @given(document=mutations(SCHEMA, custom_scalars=SCALARS))
    def hurl(document: str) -> None:
        answer = ask(document, by=house.alice)
        assert not _goes_wrong(answer), answer

    hurl()


bodies = st.one_of(payloads, payloads, anything, st.lists(payloads, max_size=2)).map(
    lambda body: json.dumps(body).encode()
) | st.binary(max_size=50)
media = st.sampled_from(
    [
        *("application/json", "application/graphql-response+json", "text/event-stream;q=0.1"),
        *("*/*", "", "x", "application/json; charset=utf-16", ",;q=2", "multipart/mixed"),
    ]
)


@pytest.mark.usefixtures("quiet")
def test_no_request_over_http_goes_wrong(server: Server) -> None:
    """Nor does one hang: a stream that nobody may follow does not begin."""

    @settings(bounded, max_examples=150)
    @given(
        method=st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "DELETE", "OPTIONS"]),
        body=bodies,
        content_type=media,
        accept=media,
        parameters=st.dictionaries(
            st.sampled_from(["query", "variables", "extensions", "operationName", "x"]), text
        ),
    )
    def hurl(
        method: str, body: bytes, content_type: str, accept: str, parameters: dict[str, str]
    ) -> None:
        response = client.request(
            method,
            f"{server.http}/graphql",
            content=body,
            params=parameters,
            headers={"Content-Type": content_type, "Accept": accept},
        )
        assert response.status_code < 500, response.text

    with httpx.Client(timeout=DEADLINE, verify=TLS) as client:
        hurl()
