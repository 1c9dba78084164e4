"""
A chat room as the tutorial of Channels has it (https://channels.readthedocs.io, part 3):
one ``AsyncJsonWebsocketConsumer`` for each socket, a group for the room.

Two things are added: the message is stored, and texts say that the group is joined and
that the message is taken.
"""

from __future__ import annotations

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.peers.settings")
django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402  # Django is set up first
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402  # as above
from django.urls import path  # noqa: E402  # as above

from benchmarks.peers.models import Message  # noqa: E402  # as above


class ChatConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.group = f"room-{self.room}"
        await self.accept()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  # the signature of Channels
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: dict[str, Any], **_: Any) -> None:
        if "subscribe" in content:
            await self.channel_layer.group_add(self.group, self.channel_name)
            await self.send_json({"type": "subscribed"})
            return
        message = await Message.objects.acreate(
            room_id=self.room, sender="person-1", text=content["text"]
        )
        event = {"type": "chat.message", "message": message.as_event()}
        await self.channel_layer.group_send(self.group, event)
        await self.send_json({"type": "taken"})

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json(event["message"])


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("room/<int:room>", ChatConsumer.as_asgi())])}
)
