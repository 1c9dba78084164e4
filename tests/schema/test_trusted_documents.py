from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.exceptions import ImproperlyConfigured

from schema import messages, requests, trusted_documents
from schema.parameters import Extensions, Parameters
from schema.requests import Request, RequestError
from schema.trusted_documents import hash_of

KNOWN = "query Known { __typename }"
OTHER = "query Other { __typename }"

Trust = Callable[..., None]


@pytest.fixture
def trust(settings: Any, tmp_path: Path) -> Iterator[Trust]:
    """Call it with files to have these as the trusted documents."""

    def apply(only: bool = False, **files: str) -> None:
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text, newline="")
        settings.GRAPHQL_DOCUMENTS = tmp_path if files else None
        settings.GRAPHQL_DOCUMENTS_ONLY = only
        trusted_documents.trusted.cache_clear()

    yield apply
    trusted_documents.trusted.cache_clear()


def _refusal(request: Request) -> tuple[str, str]:
    with pytest.raises(RequestError) as refused:
        requests.prepare(request)
    (error,) = refused.value.errors
    return error["message"], error["extensions"]["code"]


def _by_hash(text: str, query: str | None = None) -> Request:
    digest = sha256(text.encode()).hexdigest()
    return Parameters(
        query=query, extensions=_extensions({"version": 1, "sha256Hash": digest})
    ).request()


def _extensions(persisted: dict[str, Any]) -> Any:
    return msgspec.convert({"persistedQuery": persisted}, Extensions)


NOT_FOUND = ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
NOT_SUPPORTED = ("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


def test_a_document_in_a_file_is_named_by_its_hash(trust: Trust) -> None:
    trust(known_graphql=KNOWN + "\n", readme_txt=OTHER)

    for text in (KNOWN, KNOWN + "\n"):
        assert requests.prepare(Request("", document_id=hash_of(text))).request.query == text
        assert requests.prepare(_by_hash(text)).request.query == text
    assert _refusal(Request("", document_id=hash_of(OTHER))) == NOT_FOUND
    assert _refusal(_by_hash(OTHER)) == NOT_FOUND


@pytest.mark.parametrize(
    "manifest",
    [
        {"known-1": KNOWN},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": "known-1", "name": "Known", "type": "query", "body": KNOWN}],
        },
    ],
    ids=["a map", "Apollo's"],
)
def test_a_document_in_a_manifest_is_named_as_that_says_and_by_its_hash(
    trust: Trust, manifest: Any
) -> None:
    trust(manifest_json=json.dumps(manifest))

    for name in ("known-1", hash_of(KNOWN)):
        assert requests.prepare(Request("", document_id=name)).request.query == KNOWN


def test_a_document_that_is_named_is_known_on_the_event_loop_once_it_was_run(trust: Trust) -> None:
    trust(known_graphql=KNOWN)
    named = Request("", document_id=hash_of(KNOWN))

    requests.prepare(named)

    recalled = requests.recall(named)
    assert recalled is not None
    assert recalled.request.query == KNOWN


def test_without_documents_clients_are_told_not_to_name_any(trust: Trust) -> None:
    trust()

    assert _refusal(Request("", document_id="known-1")) == NOT_SUPPORTED
    assert _refusal(_by_hash(KNOWN)) == NOT_SUPPORTED


def test_a_hash_beside_a_document_has_to_be_its_own_and_registers_nothing(trust: Trust) -> None:
    trust(known_graphql=KNOWN)

    assert requests.prepare(_by_hash(OTHER, query=OTHER)).request.query == OTHER
    assert _refusal(_by_hash(OTHER)) == NOT_FOUND
    assert _refusal(_by_hash(KNOWN, query=OTHER))[1] == "BAD_USER_INPUT"


def test_only_trusted_documents_are_run_where_it_says_so(trust: Trust) -> None:
    requests.prepare(Request(OTHER))
    trust(only=True, known_graphql=KNOWN)

    assert requests.prepare(Request(KNOWN)).request.query == KNOWN
    assert requests.prepare(Request("", document_id=hash_of(KNOWN))).request.query == KNOWN
    for refused in (Request(OTHER), Request(KNOWN + " "), _by_hash(OTHER, query=OTHER)):
        assert _refusal(refused)[1] == "DOCUMENT_NOT_TRUSTED"
    with pytest.raises(RequestError):
        requests.recall(Request(OTHER))


@pytest.mark.parametrize(
    "files",
    [
        *({"a_json": "{"}, {"a_json": "[]"}, {"a_json": "[1]"}, {"a_json": '{"a": 1}'}),
        {"a_json": '{"operations": [{"id": "a"}]}'},
        {"a_json": json.dumps({"x": KNOWN}), "b_json": json.dumps({"x": OTHER})},
    ],
    ids=str,
)
def test_documents_that_cannot_be_used_end_the_start(trust: Trust, files: dict[str, str]) -> None:
    trust(**files)

    with pytest.raises(ImproperlyConfigured, match="GRAPHQL_DOCUMENTS"):
        trusted_documents.trusted()


def test_trusting_only_what_is_nowhere_ends_the_start(trust: Trust) -> None:
    trust(only=True)

    with pytest.raises(ImproperlyConfigured, match="GRAPHQL_DOCUMENTS_ONLY=1 needs"):
        trusted_documents.trusted()


@pytest.mark.parametrize(
    "names",
    [
        {"documentId": hash_of(KNOWN)},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hash_of(KNOWN)[7:]}}},
    ],
    ids=["id", "hash"],
)
def test_a_socket_names_a_document_as_a_request_does(trust: Trust, names: dict[str, Any]) -> None:
    trust(only=True, known_graphql=KNOWN)
    frame = json.dumps({"type": "subscribe", "id": "1", "payload": names})

    message = messages.decode(frame)

    assert isinstance(message, messages.Subscribe)
    assert requests.prepare(message.payload.request()).request.query == KNOWN
