"""
Trusted documents: those that an operator has put into ``settings.GRAPHQL_DOCUMENTS``.

Clients name one by its identifier instead of sending it. With
``settings.GRAPHQL_DOCUMENTS_ONLY`` no other document is run. Clients cannot add to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class DocumentRefused(Exception):
    """The document of a request is not one that is run; ``code`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    by_identifier: Mapping[str, str]
    texts: frozenset[str]
    only: bool
    """Whether nothing else is run."""


def text_of(query: str, identifier: str | None) -> str:
    """
    Return the document of a request that names it, sends it, or does both.

    Raises:
        DocumentRefused: If it is not known, not trusted where it must be, or not what it is
            said to be.

    """
    if identifier is not None and not query:
        return _named(identifier)
    if identifier is not None and identifier != hash_of(query):
        raise DocumentRefused("BAD_USER_INPUT", "The hash is not that of the document.")
    if trusted().only and query not in trusted().texts:
        raise DocumentRefused("DOCUMENT_NOT_TRUSTED", "Only trusted documents are run here.")
    return query


def _named(identifier: str) -> str:
    # Apollo's clients act on these two messages: after the first they send the whole document,
    # after the second they do so from the beginning.
    if identifier in trusted().by_identifier:
        return trusted().by_identifier[identifier]
    if trusted().texts:
        raise DocumentRefused("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    raise DocumentRefused("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")


def hash_of(text: str) -> str:
    """The identifier that every trusted document has, whatever others it has."""
    return f"sha256:{sha256(text.encode(errors='surrogatepass')).hexdigest()}"


@cache
def trusted() -> TrustedDocuments:
    """
    The documents in force, read once.

    Raises:
        ImproperlyConfigured: If a file cannot be used.

    """
    directory, only = settings.GRAPHQL_DOCUMENTS, settings.GRAPHQL_DOCUMENTS_ONLY
    if only and directory is None:
        raise ImproperlyConfigured("GRAPHQL_DOCUMENTS_ONLY=1 needs GRAPHQL_DOCUMENTS.")
    found: dict[str, str] = {}
    for identifier, text in _in(directory) if directory else ():
        if found.setdefault(identifier, text) != text:
            raise ImproperlyConfigured(f"GRAPHQL_DOCUMENTS: two documents are {identifier}.")
    return TrustedDocuments(found, frozenset(found.values()), only)


def _in(directory: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(directory.iterdir()):
        if path.suffix == ".graphql":
            yield from _of_file(path)
        elif path.suffix == ".json":
            yield from _of_manifest(path)


def _of_file(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text("utf-8")
    yield hash_of(text), text
    # Editors end a file with a new line that the client does not have.
    yield hash_of(text.rstrip("\n")), text.rstrip("\n")


def _of_manifest(path: Path) -> Iterator[tuple[str, str]]:
    """What client tools write: identifiers with their documents, or Apollo's list of them."""
    try:
        for identifier, text in _pairs(json.loads(path.read_text("utf-8"))):
            yield hash_of(text), text
            yield identifier, text
            # graphql-codegen writes bare hashes.
            yield f"sha256:{identifier}", text
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ImproperlyConfigured(f"GRAPHQL_DOCUMENTS: {path} is not a manifest.") from error


def _pairs(manifest: Any) -> list[tuple[str, str]]:
    if "operations" in manifest:
        return [(each["id"], each["body"]) for each in manifest["operations"]]
    return list(manifest.items())
