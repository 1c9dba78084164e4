"""Signing in and out as it is over HTTP and over a WebSocket."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest

import chat.errors
from accounts import actions
from accounts.authentication import Identity, identity_of_request, identity_of_session
from accounts.tokens import token_for
from schema.context import Context, SignedIn


class HttpContext(Context):
    """The caller is the request's session; signing in sets its cookie."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.META.get("REMOTE_ADDR", ""))
        self._request = request

    def sign_in(self, user: User) -> SignedIn:
        session = actions.sign_in_request(self._request, user)
        # Now, not with the response: the rest of the operation reads it.
        session.save()
        self.identity = self._identify()
        return SignedIn(user, token_for(str(session.session_key)))

    def sign_out(self) -> None:
        if self.identity is None:
            raise chat.errors.Unauthenticated
        actions.sign_out_request(self._request)
        self.identity = None

    def _identify(self) -> Identity | None:
        return identity_of_request(self._request)


class SocketContext(Context):
    """
    The caller is whoever opened the socket, if still signed in.

    Signing in gives a token and does not change who the socket is.
    """

    def __init__(self, session_key: str | None, user_agent: str, host: str = "") -> None:
        super().__init__(host)
        self._session_key = session_key
        self._user_agent = user_agent

    def sign_in(self, user: User) -> SignedIn:
        session = actions.open_session(user, self._user_agent)
        return SignedIn(user, token_for(str(session.session_key)))

    def sign_out(self) -> None:
        if self.identity is None:
            raise chat.errors.Unauthenticated
        actions.end_session(self.identity.session_key)
        self.identity = None

    def _identify(self) -> Identity | None:
        return identity_of_session(self._session_key)


class StreamContext(Context):
    """
    The caller of a subscription, which looks nothing up: the watch over sessions ends it.

    ``resume_after`` is a cursor that goes before the one in the operation.
    """

    def __init__(self, identity: Identity | None, resume_after: str | None = None) -> None:
        super().__init__()
        self.identity = identity
        self.resume_after = resume_after or None

    def sign_in(self, user: User) -> SignedIn:
        raise NotImplementedError("A subscription signs nobody in.")

    def sign_out(self) -> None:
        raise NotImplementedError("A subscription signs nobody out.")

    def _identify(self) -> Identity | None:
        return self.identity


class NobodyContext(Context):
    """
    The caller of what is rendered for many: there is none.

    Raises:
        NobodyAsks: Whenever somebody wants to know.

    """

    def sign_in(self, user: User) -> SignedIn:  # noqa: ARG002  # the seam's signature
        raise NobodyAsks

    def sign_out(self) -> None:
        raise NobodyAsks

    def _identify(self) -> Identity | None:
        raise NobodyAsks


class NobodyAsks(Exception):
    """Something that is rendered for many would depend on one of them."""
