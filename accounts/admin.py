from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import rates
from accounts.errors import RateLimited
from accounts.models import Session


class SignInForm(AdminAuthenticationForm):
    """Django's own, with the allowances of signing in through the API."""

    def clean(self) -> dict[str, Any]:
        username = self.cleaned_data.get("username") or ""
        host = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            rates.spend_sign_in(username, host)
        except RateLimited as error:
            raise ValidationError(str(error)) from error
        cleaned = super().clean()
        rates.welcome(username, host)
        return cleaned


admin.site.login_form = SignInForm


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
