"""What follows from a sign-in, a changed person and a deleted session, whoever caused it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from accounts import ringing
from accounts.models import Session
from accounts.sessions import SessionStore

ENDS_SESSIONS = {"is_active", "password"}


def connect() -> None:
    user_logged_in.connect(begin_session)
    post_save.connect(ring_for_changed_person, sender=get_user_model())
    post_delete.connect(ring_for_ended_session, sender=Session)


def begin_session(*, request: HttpRequest | None, **_: Any) -> None:
    if request is not None and isinstance(request.session, SessionStore):
        request.session.begin(request.headers.get("User-Agent", ""))


def ring_for_changed_person(
    *, created: bool, update_fields: Collection[str] | None, **_: Any
) -> None:
    # Ringing for a change that ended nothing costs one query per process; finding
    # out whether it did would cost one here.
    if not created and (update_fields is None or ENDS_SESSIONS & set(update_fields)):
        ringing.sessions_changed()


def ring_for_ended_session(*, instance: Session, **_: Any) -> None:
    if instance.user_id is not None:
        ringing.sessions_changed()
