"""The session engine (``SESSION_ENGINE``): sessions in the database that know their user."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import Session

USER_AGENT_LENGTH = 200
_KEY = re.compile(r"[a-z0-9]{8,40}")


class SessionStore(db.SessionStore):
    """
    Django's database session, with a row that lasts as long as the sign-in.

    Saving writes the data, the expiry and the user, nothing else of the row.
    Changing the key keeps the row. A session that was deleted is not brought
    back by either.

    Args:
        session_key: Text from outside; what cannot be a key opens nothing.
        keeps_key: The client holds the key as a token, so it must not change
            and no cookie may be set for it.

    """

    def __init__(self, session_key: str | None = None, *, keeps_key: bool = False) -> None:
        super().__init__(session_key)
        self.keeps_key = keeps_key
        self.seen = False
        """Whether somebody was recognised by this session since it was opened."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        from accounts.models import Session

        return Session

    def begin(self, user_agent: str) -> None:
        """Save the session as one whose sign-in is now, from ``user_agent``."""
        self.save()
        now = timezone.now()
        self._rows().update(created_at=now, last_seen_at=now, user_agent=_presentable(user_agent))

    def load(self) -> dict[str, Any]:
        data = super().load()
        self.seen = SESSION_KEY in data
        return data

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  # Django's signature
        """
        Write the session's data; make the session first if it has no key.

        Raises:
            UpdateError: If the session was deleted since it was loaded.

        """
        if must_create or self.session_key is None:
            super().save(must_create)
        elif not self._rows().update(**self._columns(self._get_session())):
            raise UpdateError

    def cycle_key(self) -> None:
        """Give the session another key, so that whoever knows the old one is outside."""
        data = self._get_session()
        if self.session_key is None:
            self.create()
        elif not self.keeps_key:
            self._rename()
        self._session_cache = data if self.session_key else {}
        self.modified = True

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        key = self._get_or_create_session_key()
        return self.get_model_class()(session_key=key, **self._columns(data))

    def is_empty(self) -> bool:
        """
        Tell SessionMiddleware, the only one who asks, whether a cookie is to be set.

        A session that came as a token is empty to it.
        """
        return self.keeps_key or super().is_empty()

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def asave(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  # as save
        await sync_to_async(self.save)(must_create)

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    if TYPE_CHECKING:
        # Django's own, left out of its stubs.
        def _get_session(self) -> dict[str, Any]: ...
        def _get_new_session_key(self) -> str: ...
        def _get_or_create_session_key(self) -> str: ...

    def _rename(self) -> None:
        new_key = self._get_new_session_key()
        if self._rows().update(session_key=new_key):
            self._session_key = new_key
        else:
            # Revoked since it was loaded: what it held must not live on under another key.
            self._session_key = None

    def _columns(self, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "session_data": self.encode(data),
            "expire_date": self.get_expiry_date(),
            "user_id": data.get(SESSION_KEY),
        }

    def _rows(self) -> Any:
        return self.get_model_class().objects.filter(session_key=self.session_key)

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and is_possible(key))


def is_possible(key: str) -> bool:
    """Whether ``key`` could be a session's; text that could not is not looked up."""
    return _KEY.fullmatch(key) is not None


def _presentable(user_agent: str) -> str:
    return "".join(filter(str.isprintable, user_agent))[:USER_AGENT_LENGTH]
