from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Session


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """Who is signed in where. Deleting a session revokes it; its key is shown nowhere."""

    list_display = ("user", "created_at", "last_seen_at", "user_agent")
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "created_at", "last_seen_at", "expire_date", "user_agent")
    search_fields = ("user__username",)
    date_hierarchy = "created_at"
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).filter(user__isnull=False)

    def has_add_permission(self, *_: object) -> bool:
        return False

    def has_change_permission(self, *_: object) -> bool:
        return False
