"""
``python -m project.serve``: from a checkout to a running server in one command.

Whatever in the environment cannot be used ends it with one line on stderr and
exit code 2, before a socket is served.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import django
import psycopg
import uvicorn
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]  # as above

from project import environment
from project.environment import BadEnvironment

MIGRATION_LOCK = 0x416E7465726F6F6D
"""Known to no other program that might share the database: "Anteroom" in ASCII."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be served, as the environment says; docs/reference/settings.md describes it."""

    host: str
    port: int
    workers: int
    demo: bool
    shutdown_timeout: int

    @classmethod
    def from_environment(cls) -> Plan:
        """Read and check the variables; raises BadEnvironment."""
        host = os.environ.get("HOST") or "127.0.0.1"
        return cls(
            host=host,
            port=environment.integer("PORT", 8000, lowest=1, highest=65535),
            workers=environment.integer("WORKERS", 1, lowest=1, highest=256),
            demo=environment.flag("DEMO", default=_is_loopback(host)),
            shutdown_timeout=environment.integer("SHUTDOWN_TIMEOUT", 5, lowest=0, highest=3600),
        )

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the server."""
        host = "localhost" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  # compared
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def main() -> None:
    try:
        plan = _prepare()
    except (ImproperlyConfigured, ImportError) as error:
        sys.stderr.write(f"{_one_line(error)}\n")
        sys.exit(2)
    _advise(plan)
    _announce(plan)
    _allow_many_sockets()
    _serve(plan)


def _prepare() -> Plan:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    plan = Plan.from_environment()
    _check_socket(plan)
    _check_database()
    with _database_errors(), _one_server_at_a_time():
        _fill_database(plan)
    _let_go_of_database()
    return plan


def _check_socket(plan: Plan) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            plan.host, plan.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        raise BadEnvironment(_why_not_there(plan, error)) from error


def _why_not_there(plan: Plan, error: OSError | UnicodeError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return (
            f"PORT={plan.port} is in use on {plan.host}: set another PORT, or stop what is there."
        )
    reason = error.strerror if isinstance(error, OSError) else "it is not a host name"
    return f"HOST={plan.host} and PORT={plan.port} cannot be listened on: {reason}."


def _check_database() -> None:
    """Connect once without the pool, which would try for longer and log every failure."""
    if url := os.environ.get("DATABASE_URL"):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.Error as error:
            raise BadEnvironment(f"DATABASE_URL cannot be used: {_one_line(error)}") from error


@contextmanager
def _database_errors() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        name = settings.DATABASES["default"]["NAME"]
        raise BadEnvironment(f"The database {name} cannot be used: {_one_line(error)}.") from error


@contextmanager
def _one_server_at_a_time() -> Iterator[None]:
    """Let servers that start together on one PostgreSQL migrate it one after the other."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        yield
        cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _fill_database(plan: Plan) -> None:
    from django.contrib.auth.models import User

    _say("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    if plan.demo:
        call_command("create_demo")
    elif not User.objects.exists():
        _say("There is nobody yet: DEMO=1 makes people to try it with,")
        _say("and python manage.py createsuperuser makes an administrator.")


def _let_go_of_database() -> None:
    # The processes that serve open their own; a pool held here would only take up connections.
    connections.close_all()
    if close_pool := getattr(connection, "close_pool", None):
        close_pool()


def _allow_many_sockets() -> None:
    """Raise the limit of open files, each socket being one, as far as the system lets us."""
    if resource is not None:
        _, highest = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, highest))


def _advise(plan: Plan) -> None:
    if plan.workers > 1 and not settings.REDIS_HOSTS:
        _say(f"WORKERS={plan.workers} without REDIS_URL: events come up to 2 s late.")
    if not _is_loopback(plan.host) and not os.environ.get("ALLOWED_HOSTS"):
        _say("Only localhost is answered: set ALLOWED_HOSTS to the names that browsers will use.")


def _announce(plan: Plan) -> None:
    root = f"{plan.address}{settings.ROOT_PATH}"
    _say(f"{root}/          a page to chat on")
    _say(f"{root}/graphql   the API, in a browser with a page to try it")
    _say(f"{root}/admin/    the admin site")


def _serve(plan: Plan) -> None:
    from project.http import HttpProtocol
    from project.server import WebSocketProtocol

    uvicorn.run(
        "project.asgi:application",
        host=plan.host,
        port=plan.port,
        workers=plan.workers,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=settings.WEB_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=plan.shutdown_timeout,
        log_config=None,  # settings.LOGGING
        log_level="warning",
        access_log=False,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
