from __future__ import annotations

from django.contrib import admin
from django.urls import path

from project.health import healthz, readyz
from project.pages import client, graphql, plain

urlpatterns = [
    path("", client("index.html")),
    path("room/<int:_room_id>", client("room.html")),
    path("plain/", plain("index.html")),
    path("plain/room/<int:_room_id>", plain("room.html")),
    path("graphql", graphql),
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
]
