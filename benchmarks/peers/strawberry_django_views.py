"""
A mutation that inserts a row, after https://strawberry.rocks/docs/django: a type and an
input over a model, ``mutations.create``, and the view of Strawberry in Django's urls.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")
django.setup()

import strawberry  # noqa: E402  # Django is set up first
import strawberry_django  # noqa: E402  # as above
from django.core.asgi import get_asgi_application  # noqa: E402  # as above
from django.urls import path  # noqa: E402  # as above
from django.views.decorators.csrf import csrf_exempt  # noqa: E402  # as above
from strawberry.django.views import AsyncGraphQLView  # noqa: E402  # as above

from benchmarks.peers import models  # noqa: E402  # as above


@strawberry_django.type(models.Message)
class Message:
    id: strawberry.auto
    text: strawberry.auto
    posted_at: strawberry.auto


@strawberry_django.input(models.Message)
class MessageInput:
    room_id: strawberry.auto
    sender: strawberry.auto
    text: strawberry.auto


@strawberry.type
class Query:
    messages: list[Message] = strawberry_django.field()


@strawberry.type
class Mutation:
    create_message: Message = strawberry_django.mutations.create(MessageInput)


schema = strawberry.Schema(query=Query, mutation=Mutation)
urlpatterns = [path("graphql", csrf_exempt(AsyncGraphQLView.as_view(schema=schema)))]
application = get_asgi_application()
