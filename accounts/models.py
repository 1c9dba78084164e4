from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import connection, models
from django.utils import timezone

from accounts.sessions import USER_AGENT_LENGTH, SessionStore
from realtime.arrays import members_of

# Asked for each operation and arrival. Composing the same takes Django's ORM longer than it takes
# PostgreSQL to answer: 0.6 ms in all, to 0.2.
_SIGNED_IN = """
SELECT s.session_data, s.session_key, u.id, u.password, u.username, u.first_name, u.last_name
FROM accounts_session s JOIN auth_user u ON u.id = s.user_id
WHERE s.session_key IN ({keys}) AND s.expire_date > %s AND u.is_active
"""
# In the order of the fields of their models, as from_db() reads them.
_SESSION_FIELDS = ["session_data", "session_key"]
_USER_FIELDS = ["id", "password", "username", "first_name", "last_name"]


class SessionQuerySet(models.QuerySet["Session"]):
    def unexpired(self) -> Self:
        return self.filter(expire_date__gt=timezone.now())

    def with_keys(self, session_keys: Collection[str]) -> Self:
        """Those with one of ``session_keys``, of which there may be any number."""
        return self.filter(session_key__in=members_of(session_keys))


class SessionManager(BaseSessionManager.from_queryset(SessionQuerySet)):  # type: ignore[misc]  # made when it is imported
    def signed_in(self, session_keys: Collection[str]) -> Iterator[Session]:
        """
        Those with one of ``session_keys`` that are an active user's and have not expired.

        One query. They know what opens them and their user's names; the rest is deferred.
        """
        keys = members_of(session_keys)
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_SIGNED_IN.format(keys=keys.sql), [*keys.params, now])
            rows = cursor.fetchall()
        yield from map(_with_user, rows)


def _with_user(row: Sequence[Any]) -> Session:
    session = Session.from_db(connection.alias, _SESSION_FIELDS, row[:2])
    session.user = User.from_db(connection.alias, _USER_FIELDS, row[2:])
    return session


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

    objects: ClassVar = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        indexes = (models.Index(fields=["user", "-created_at"], name="accounts_session_of_user"),)

    def __str__(self) -> str:
        return str(self.public_id)

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore
