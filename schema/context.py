"""What resolvers know of the operation that they run in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import strawberry
from django.contrib.auth.models import AnonymousUser, User

import chat.errors
from accounts import rates
from accounts.addresses import neighbourhood
from accounts.authentication import Identity
from schema.reads import Reads


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    token: str


class Context(ABC):
    """
    One operation's caller and its reads.

    Created for each operation; what it looks up is looked up in the operation's
    worker thread. Transports differ in how one signs in and out.
    """

    resume_after: str | None = None
    """Where the transport says that a stream goes on, whatever the operation says."""

    def __init__(self, host: str = "") -> None:
        self.reads = Reads()
        self.host = host
        """The client's address."""

    @cached_property
    def identity(self) -> Identity | None:
        """Who is signed in, as of the first time that it is asked."""
        return self._identify()

    @property
    def actor(self) -> User | AnonymousUser:
        return AnonymousUser() if self.identity is None else self.identity.user

    @property
    def viewer(self) -> User:
        """
        The person who is signed in.

        Raises:
            Unauthenticated: If nobody is.

        """
        if self.identity is None:
            raise chat.errors.Unauthenticated
        return self.identity.user

    def spending(self, rate: str) -> User | AnonymousUser:
        """
        Return the actor, having taken one of their allowance, or of their address's.

        Raises:
            RateLimited: If none is left.

        """
        identity = self.identity
        rates.spend(rate, str(identity.user.pk) if identity else neighbourhood(self.host))
        return self.actor

    @abstractmethod
    def sign_in(self, user: User) -> SignedIn:
        """Open a session for ``user``."""

    @abstractmethod
    def sign_out(self) -> None:
        """
        End the caller's session.

        Raises:
            Unauthenticated: If the caller has none.

        """

    @abstractmethod
    def _identify(self) -> Identity | None: ...


Info: TypeAlias = strawberry.Info[Context, None]
