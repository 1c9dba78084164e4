"""
What the environment variables mean, each read and checked in one place.

Every function raises :class:`BadEnvironment` with one sentence that names the
variable, what it holds and what it may hold.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

POSTGRESQL_SCHEMES = ("postgresql://", "postgres://")
REDIS_SCHEMES = ("redis", "rediss", "unix")
SECRET_KEY_LENGTH = 32


class BadEnvironment(ImproperlyConfigured):
    """An environment variable holds something that cannot be used."""


def integer(name: str, default: int, *, lowest: int, highest: int) -> int:
    text = os.environ.get(name) or str(default)
    if text.isascii() and text.isdigit() and lowest <= int(text) <= highest:
        return int(text)
    raise BadEnvironment(f"{name}={text} must be a whole number from {lowest} to {highest}.")


def flag(name: str, *, default: bool) -> bool:
    text = os.environ.get(name) or ("1" if default else "0")
    if text in ("0", "1"):
        return text == "1"
    raise BadEnvironment(f"{name}={text} must be 0 or 1.")


def switch(name: str, *, default: bool) -> bool:
    text = os.environ.get(name) or ("on" if default else "off")
    if text in ("on", "off"):
        return text == "on"
    raise BadEnvironment(f"{name}={text} must be on or off.")


def text(name: str, default: str) -> str:
    return os.environ.get(name) or default


def names(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def origins(name: str) -> list[str]:
    """The origins in a list, each as a browser writes it: a scheme, a host, perhaps a port."""
    found = names(name)
    for origin in found:
        if not re.fullmatch(r"https?://([\w.-]+|\[[\da-f:.]+\])(:\d+)?", origin, re.ASCII):
            raise BadEnvironment(f"{name}={origin} must look like https://chat.example.org.")
    return found


def root_path() -> str:
    """The path below which a proxy shows this server: empty, or ``/chat``."""
    path = os.environ.get("ROOT_PATH", "").rstrip("/")
    if not path or re.fullmatch(r"(/[\w.~-]+)+", path, re.ASCII):
        return path
    raise BadEnvironment(f"ROOT_PATH={path} must look like /chat.")


def built(name: str, default: Path) -> Path | None:
    """The directory of pages that have been built, none as long as it holds no index.html."""
    path = Path(os.environ.get(name) or default).absolute()
    return path if (path / "index.html").is_file() else None


def directory(name: str) -> Path | None:
    """A directory that has to be there, or none."""
    if not (text := os.environ.get(name)):
        return None
    path = Path(text)
    if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
        return path
    raise BadEnvironment(f"{name}={text} must be a directory that can be read.")


def data_dir(base: Path) -> Path:
    """The directory of the SQLite file and the secret key, made if it is missing."""
    path = base / (os.environ.get("DATA_DIR") or "var")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadEnvironment(f"DATA_DIR={path} cannot be used: {error.strerror}.") from error
    if not os.access(path, os.W_OK):
        raise BadEnvironment(f"DATA_DIR={path} cannot be written to.")
    return path


def secret_key(directory: Path) -> str:
    """``SECRET_KEY``, or else the key kept in ``directory``, generated once."""
    if key := os.environ.get("SECRET_KEY"):
        # It will stand in a list of fallbacks one day.
        if secret_keys("SECRET_KEY") == [key]:
            return key
        raise BadEnvironment("SECRET_KEY must have no comma in it, and no space around it.")
    path = directory / "secret_key"
    if not path.exists():
        _create_once(path, secrets.token_urlsafe(48))
    if key := path.read_text().strip():
        return key
    raise BadEnvironment(f"{path} is empty: delete it to have a new key generated.")


def secret_keys(name: str) -> list[str]:
    """The keys in a list: a short one can be guessed, and whoever has one can sign anything."""
    found = names(name)
    if any(len(key) < SECRET_KEY_LENGTH for key in found):
        raise BadEnvironment(
            f"{name} must have at least {SECRET_KEY_LENGTH} characters, and no comma in a key."
        )
    return found


def database(directory: Path) -> dict[str, Any]:
    """The Django database of ``DATABASE_URL``: any libpq URI, or SQLite in ``directory``."""
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return _sqlite(directory / "anteroom.sqlite3")
    if not url.startswith(POSTGRESQL_SCHEMES):
        raise BadEnvironment(
            "DATABASE_URL must start with postgresql:// (leave it out to use SQLite)."
        )
    try:
        return _postgresql(conninfo_to_dict(url))
    except ProgrammingError as error:
        raise BadEnvironment(f"DATABASE_URL is not a libpq URI: {error}.") from error


def redis_hosts() -> list[str]:
    """The servers of ``REDIS_URL``, none for the in-memory channel layer."""
    hosts = names("REDIS_URL")
    for host in hosts:
        if not _is_redis(host):
            raise BadEnvironment(f"REDIS_URL={host} must look like redis://host:6379/0.")
    return hosts


def _is_redis(address: str) -> bool:
    try:
        parts = urlsplit(address)
        # Reading a port that is none raises; splitting does not.
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in REDIS_SCHEMES and bool(parts.hostname or parts.path.strip("/"))


def _create_once(path: Path, text: str) -> None:
    """Write a file that appears whole or not at all, and only once among racing processes."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A connection belongs to a thread for as long as both live.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        # Threads share a file, never an in-memory database: that one locks up under them.
        "TEST": {"NAME": path.with_name(f"test_{path.name}")},
    }


def _postgresql(parameters: dict[str, Any]) -> dict[str, Any]:
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    named = {key: str(parameters.pop(name)) for name, key in known.items() if name in parameters}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        **named,
        "CONN_MAX_AGE": 0,
        # A connection that died while it lay in the pool is replaced, not handed out.
        "CONN_HEALTH_CHECKS": True,
        # Behind PgBouncer in transaction mode a cursor is gone at the next statement, and
        # with it the watch over ended sessions.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"pool": _pool(), **_statements(), **parameters},
    }


def _statements() -> dict[str, Any]:
    # Prepared, they take PostgreSQL half the time: it does not plan each of them anew.
    prepared = switch("PREPARED_STATEMENTS", default=True)
    return {"server_side_binding": True, "prepare_threshold": 5} if prepared else {}


def _pool() -> dict[str, Any]:
    return {
        "min_size": 1,
        "max_size": 20,
        # A process has 18 threads of its own for the database, and one for each page of the
        # admin site that is being made: only those can ever wait for others.
        "timeout": integer("DATABASE_TIMEOUT", 3, lowest=1, highest=60),
        # By itself a pool waits twice as long after each failure, for minutes in the end, though
        # the server is back. So it gives up after a second, and begins anew at once.
        "reconnect_timeout": 1,
        "reconnect_failed": _try_again,
    }


def _try_again(pool: Any) -> None:
    pool.check()
