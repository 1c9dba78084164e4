from __future__ import annotations

from django.contrib import admin
from django.urls import path

from project.health import healthz, readyz
from project.pages import page
from schema.http import graphql

urlpatterns = [
    path("", page("index.html")),
    path("room/<int:_room_id>", page("room.html")),
    path("graphql", graphql),
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
]
