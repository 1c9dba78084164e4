from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from project.health import healthz, readyz
from project.pages import client, graphql, plain

urlpatterns = [
    path("", client("index.html")),
    path("room/<int:_room_id>", client("room.html")),
    path("plain/", plain("index.html")),
    path("plain/room/<int:_room_id>", plain("room.html")),
    path("graphql", graphql),
    # What browsers ask for where a page names no icon, as those of the admin site do.
    path("favicon.ico", RedirectView.as_view(url=static("plain/favicon.svg"))),
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
]
