"""The schema: what can be asked."""

from __future__ import annotations

import strawberry
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig

from schema.mutations import Mutation
from schema.queries import Query
from schema.subscriptions import Subscription
from schema.types import Cursor

schema = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(
        scalar_map={
            Cursor: strawberry.scalar(
                name="Cursor",
                description="A position in a stream: opaque, safe in URLs and headers.",
                serialize=str,
                parse_value=str,
            )
        }
    ),
)

core = schema._schema  # noqa: SLF001  # Strawberry has no public name for it
"""The same as graphql-core knows it."""


def printed() -> str:
    """The schema as text, in the schema definition language."""
    return print_schema(schema) + "\n"
