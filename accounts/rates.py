"""
How often somebody may do what could be done at speed: guess, flood, enumerate.

An allowance belongs to a person, or to an address where nobody is signed in. For
sign-ins there are three, so that passwords cannot be guessed at speed, and yet
nobody can lock somebody else out:

- of one username from one address, whoever has it;
- of one address, for all usernames together;
- of one username, for all addresses together from which it was not signed in to
  within a month. Who uses it up keeps its owner from signing in at a new place,
  never at a known one.

A username need not exist to have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2s
from math import ceil

from django.conf import settings
from django.contrib.auth.models import User

from accounts.addresses import neighbourhood
from accounts.errors import RateLimited
from accounts.tallies import Allowance, OwnTallies, SharedTallies, Tallies
from realtime.configuration import configured

_MONTH = 30 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Per minute: a bucket that holds as many and refills evenly."""

    sends: int = 120
    """The messages of one person."""
    joins: int = 30
    """The attempts of one person to enter a room, by its id or a join code."""
    rooms: int = 20
    """The rooms that one person makes."""
    sign_ups: int = 10
    """The sign-ups from one address, failed ones included."""
    sign_ins: int = 10
    """The sign-ins with one username from one address."""
    sign_ins_address: int = 60
    """The sign-ins from one address."""
    sign_ins_strangers: int = 30
    """The sign-ins with one username from all addresses that are new to it."""


@cache
def limits() -> Limits:
    """The limits in force; raises ``ImproperlyConfigured`` if they are not such."""
    return configured(Limits, "RATES")


@cache
def tallies() -> Tallies:
    """The tallies of this process, kept by the first of several Redis servers."""
    hosts: list[str] = settings.REDIS_HOSTS
    return SharedTallies(hosts[0], settings.REDIS_PREFIX) if hosts else OwnTallies()


def spend(rate: str, who: str) -> None:
    """
    Take one of ``who``'s allowance; ``rate`` is the name of a limit.

    Raises:
        RateLimited: If none is left.

    """
    _spend(_allowance(rate, who))


def spend_sign_in(username: str, host: str) -> None:
    """
    Take one sign-in with this username from this host.

    Raises:
        RateLimited: If none is left.

    """
    if not settings.LIMITED:
        return
    name, address = _folded(username), neighbourhood(host)
    allowances = [
        _allowance("sign_ins", f"{name} {address}"),
        _allowance("sign_ins_address", address),
    ]
    if not tallies().knows(_known(name, address)):
        allowances.append(_allowance("sign_ins_strangers", name))
    _spend(*allowances)


def welcome(username: str, host: str) -> None:
    """Remember that somebody signed in with this username from this host."""
    if settings.LIMITED:
        tallies().remember(_known(_folded(username), neighbourhood(host)), _MONTH)


def _spend(*allowances: Allowance) -> None:
    if settings.LIMITED and (wait := tallies().spend(allowances)):
        raise RateLimited(ceil(wait))


def _allowance(rate: str, who: str) -> Allowance:
    return Allowance(f"rate:{rate}:{_digest(who)}", getattr(limits(), rate))


def _known(name: str, address: str) -> str:
    return f"known:{_digest(f'{name} {address}')}"


def _folded(username: str) -> str:
    return User.normalize_username(username).casefold()


def _digest(text: str) -> str:
    """Short, and tells whoever reads it in Redis nothing by itself."""
    return blake2s(text.encode(errors="replace"), digest_size=16).hexdigest()
