"""
Strawberry on Channels, after https://strawberry.rocks/docs/integrations/channels:
``GraphQLProtocolTypeRouter``, and a chat room on ``listen_to_channel``.

Two things are added: the message is stored, and a first event says that the group is joined.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")
django.setup()

import strawberry  # noqa: E402  # Django is set up first
from channels.layers import get_channel_layer  # noqa: E402  # as above
from strawberry.channels import GraphQLProtocolTypeRouter  # noqa: E402  # as above

from benchmarks.peers.models import Message  # noqa: E402  # as above


@strawberry.type
class ChatMessage:
    cursor: str
    id: strawberry.ID
    text: str
    sender: str
    posted_at: str


@strawberry.type
class Query:
    hello: str = "world"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def send_message(self, room: int, text: str) -> ChatMessage:
        message = await Message.objects.acreate(room_id=room, sender="person-1", text=text)
        event = message.as_event()
        layer = get_channel_layer()
        await layer.group_send(f"room-{room}", {"type": "chat.message", "message": event})
        return ChatMessage(**event)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def messages(self, info: strawberry.Info, room: int) -> AsyncGenerator[ChatMessage, None]:
        ws = info.context["ws"]
        async with ws.listen_to_channel("chat.message", groups=[f"room-{room}"]) as heard:
            yield ChatMessage(
                cursor="", id=strawberry.ID(""), text="subscribed", sender="", posted_at=""
            )
            async for event in heard:
                yield ChatMessage(**event["message"])


schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
application = GraphQLProtocolTypeRouter(schema)
