from __future__ import annotations

import pytest

from schema.negotiation import (
    EVENT_STREAM,
    GRAPHQL_RESPONSE,
    HTML,
    JSON,
    MULTIPART,
    RESULTS,
    STREAMS,
    preferred,
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        *((None, JSON), ("", JSON), (" ", JSON), ("*/*", JSON), ("application/*", JSON)),
        *((JSON, JSON), (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE), ("text/*", EVENT_STREAM)),
        ("APPLICATION/GRAPHQL-RESPONSE+JSON", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, {JSON}; q=0.9", GRAPHQL_RESPONSE),
        (f"{JSON};q=0.9,{GRAPHQL_RESPONSE}", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, {JSON}", GRAPHQL_RESPONSE),
        (f"{JSON}, {GRAPHQL_RESPONSE}", JSON),
        (f"{GRAPHQL_RESPONSE}; q=0.5, */*; q=0.1", GRAPHQL_RESPONSE),
        (f"*/*, {JSON}; q=0", GRAPHQL_RESPONSE),
        (f"{JSON}; q=0.1, application/*; q=0.9", GRAPHQL_RESPONSE),
        (f"text/html, {JSON}; q=0.1", JSON),
    ],
)
def test_a_result_comes_as_the_client_prefers(accept: str | None, expected: str) -> None:
    assert preferred(accept, RESULTS) == expected


def test_the_header_that_the_specification_recommends_gets_what_it_puts_first() -> None:
    recommended = f"{GRAPHQL_RESPONSE}; charset=utf-8, {JSON}; charset=utf-8"

    assert preferred(recommended, RESULTS) == GRAPHQL_RESPONSE


@pytest.mark.parametrize(
    "accept",
    [
        *("text/html", "image/*", f"{JSON}; q=0", "*/*; q=0", ";;;", ",", "json", "*", MULTIPART),
        *(f"{JSON}; charset=iso-8859-1", f"{JSON}; profile=x", "*/*; profile=x"),
    ],
)
def test_who_accepts_none_of_the_offers_gets_none(accept: str) -> None:
    assert preferred(accept, RESULTS) is None


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        *((None, EVENT_STREAM), ("*/*", EVENT_STREAM), (EVENT_STREAM, EVENT_STREAM)),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", MULTIPART),
        ('multipart/mixed; boundary="-"; subscriptionSpec="1.0"', MULTIPART),
        (f"{JSON}, {EVENT_STREAM}; q=0.5", EVENT_STREAM),
        ("multipart/mixed", None),
        ("multipart/mixed;deferSpec=20220824", None),
        ("multipart/mixed;subscriptionSpec=2.0", None),
        (JSON, None),
    ],
)
def test_a_stream_comes_in_a_form_that_the_client_knows(
    accept: str | None, expected: str | None
) -> None:
    assert preferred(accept, STREAMS) == expected


def test_a_browser_prefers_a_page() -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"

    assert preferred(browser, (*RESULTS, HTML)) == HTML
