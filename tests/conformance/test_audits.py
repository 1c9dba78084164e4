"""The audits of npm graphql-http, which is the reference for GraphQL over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.conftest import Package, node
from tests.server import Server


def test_all_audits_of_graphql_over_http_pass(
    server: Server, package: Package, record_property: Callable[[str, object], None]
) -> None:
    said = node(package("audits"), "run.mjs", f"{server.http}/graphql")

    record_property("summary", f"GraphQL over HTTP: {said[-1]} audits pass")
    assert said == ["61/61"]
