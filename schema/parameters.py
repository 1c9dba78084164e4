"""What a client sends to have something run, the same over every transport."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from schema.requests import Request


class PersistedQuery(Struct, rename={"sha256_hash": "sha256Hash"}):
    """The hash that Apollo's clients send instead of a document, or beside it."""

    version: Literal[1]
    sha256_hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Extensions(Struct, rename={"persisted_query": "persistedQuery"}):
    persisted_query: PersistedQuery | None = None


class Parameters(Struct, rename="camel"):
    """
    GraphQL over HTTP, 5.1, and its appendix on persisted documents.

    Raises:
        msgspec.ValidationError: While it is decoded, if it names no document, or two.

    """

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: Extensions | None = None
    document_id: str | None = None

    def __post_init__(self) -> None:
        if self.query is None and self._identifier is None:
            raise ValueError("Object missing required field `query`, or else `documentId`")
        if self.query is not None and self.document_id is not None:
            raise ValueError("Object has both `query` and `documentId`")

    def request(self) -> Request:
        variables, name = self.variables or {}, self.operation_name or None
        return Request(self.query or "", variables, name, self._identifier)

    @property
    def _identifier(self) -> str | None:
        persisted = self.extensions and self.extensions.persisted_query
        if self.document_id is None and persisted:
            return f"sha256:{persisted.sha256_hash}"
        return self.document_id
