from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models
from django.utils import timezone

from accounts.sessions import USER_AGENT_LENGTH, SessionStore
from realtime.arrays import members_of


class SessionQuerySet(models.QuerySet["Session"]):
    def unexpired(self) -> Self:
        return self.filter(expire_date__gt=timezone.now())

    def with_keys(self, session_keys: Collection[str]) -> Self:
        """Those with one of ``session_keys``, of which there may be any number."""
        return self.filter(session_key__in=members_of(session_keys))


class Session(AbstractBaseSession):
    """
    A sign-in, or a visit of nobody known yet.

    The key is a secret that opens the session and may change; ``public_id`` names
    it to people and does not. Only :class:`SessionStore` makes rows and writes their data.
    """

    public_id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    session_key = models.CharField(max_length=40, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH, blank=True)

    objects: ClassVar = BaseSessionManager.from_queryset(SessionQuerySet)()

    class Meta(AbstractBaseSession.Meta):
        indexes = (models.Index(fields=["user", "-created_at"], name="accounts_session_of_user"),)

    def __str__(self) -> str:
        return str(self.public_id)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore
