"""Whatever operation or body comes, nothing goes wrong on the server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from tests.clients import DEADLINE, TLS, Person
from tests.hostile.test_socket_fuzz import anything, payloads, text
from tests.schema.conftest import alice
from tests.server import ROOT, Server

__all__ = ["alice"]

bounded = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],  # to make a document that goes wrong smaller would take minutes
    suppress_health_check=list(HealthCheck),
)
ODD = ["", "\0", "Um9vbTox", "x" * 300, "😀", "-1", str(2**64), "'; --", "%", "null"]
schemathesis.graphql.scalar("Cursor", st.sampled_from(ODD).map(nodes.String))
schemathesis.graphql.scalar("DateTime", st.just("2026-11-22T00:00:00+00:00").map(nodes.String))
SCHEMA = schemathesis.graphql.from_path(ROOT / "schema.graphql")
FIELDS = {each.label: each for each in (made.ok() for made in SCHEMA.get_all_operations())}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("field", FIELDS)
def test_no_operation_goes_wrong(field: str, server: Server, alice: Person) -> None:
    """Whoever asks, whatever is asked of the root field."""

    @bounded
    @given(case=FIELDS[field].as_strategy())
    def hurl(case: schemathesis.Case) -> None:
        for headers in ({}, alice.headers):
            response = case.call(f"{server.http}/graphql", headers=headers, timeout=DEADLINE)
            assert response.status_code < 500, response.text
            assert "INTERNAL_SERVER_ERROR" not in _codes(response.json()), response.text

    hurl()


def _codes(answer: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


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
