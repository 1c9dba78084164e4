from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.backends import free_port

ROOT = Path(__file__).parents[2]
DEADLINE = 60
OWN = {
    *("HOST", "PORT", "WORKERS", "DEMO", "SHUTDOWN_TIMEOUT", "DATA_DIR", "DATABASE_URL"),
    *("DATABASE_TIMEOUT", "REQUEST_TIMEOUT"),
    *("REDIS_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "DEBUG", "ALLOWED_HOSTS"),
    *("ROOT_PATH", "WEB_CLIENT", "GRAPHIQL", "CSRF_TRUSTED_ORIGINS", "LIMITS"),
    *("HTTPS", "HSTS_SECONDS", "HSTS_SUBDOMAINS", "DJANGO_SETTINGS_MODULE"),
}


def _environment(data_dir: Path, **values: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OWN}
    return {**inherited, "DATA_DIR": str(data_dir), "PORT": str(free_port()), **values}


def _serve(data_dir: Path, **values: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "project.serve"],
        cwd=ROOT,
        env=_environment(data_dir, **values),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@contextmanager
def _running(data_dir: Path, **values: str) -> Iterator[tuple[str, list[str]]]:
    """Start a server; give its address and the lines that it has said."""
    server = subprocess.Popen(
        [sys.executable, "-m", "project.serve"],
        cwd=ROOT,
        env=_environment(data_dir, **values),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        lines = _until_announced(server)
        yield lines[-1].split("/admin/")[0], lines
        server.send_signal(signal.SIGTERM)
        assert server.wait(DEADLINE) in (0, -signal.SIGTERM)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate()


def _until_announced(server: subprocess.Popen[str]) -> list[str]:
    assert server.stdout
    lines = []
    for line in server.stdout:
        lines.append(line.rstrip())
        if "/admin/" in line:
            return lines
    raise AssertionError(f"The server ended: {lines}")


def _sign_ins(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith(("alice ", "bob ", "admin "))]


def _get(url: str) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(retries=7), timeout=DEADLINE) as client:
        return client.get(url)


def _assert_one_line(ended: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert all(part in line for part in parts), line


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("PORT", "eighty", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "65536", "a whole number from 1 to 65535"),
        ("PORT", "-1", "a whole number from 1 to 65535"),
        ("WORKERS", "0", "a whole number from 1 to 256"),
        ("WORKERS", "many", "a whole number from 1 to 256"),
        ("SHUTDOWN_TIMEOUT", "1.5", "a whole number from 0 to 3600"),
        ("REQUEST_TIMEOUT", "0", "a whole number from 1 to 3600"),
        ("DEMO", "yes", "0 or 1"),
        ("DEBUG", "true", "0 or 1"),
        ("HOST", "no such host", "cannot be listened on"),
        ("HOST", "x" * 70, "cannot be listened on"),
        ("HOST", "192.0.2.1", "cannot be listened on"),
        ("DATA_DIR", "/dev/null", "cannot be used"),
        ("DATA_DIR", "/dev/null/below", "cannot be used"),
        ("DATABASE_URL", "mysql://localhost/anteroom", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql://[::1/anteroom", "not a libpq URI"),
        ("DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/anteroom", "cannot be used"),
        ("REDIS_URL", "http://localhost:6379", "redis://host:6379/0"),
        ("REDIS_URL", "localhost", "redis://host:6379/0"),
        ("REDIS_URL", "redis://[::1", "redis://host:6379/0"),
        ("REDIS_URL", "redis://h:port/0", "redis://host:6379/0"),
        ("ROOT_PATH", "chat", "must look like /chat"),
        ("ROOT_PATH", '/"><script>', "must look like /chat"),
        ("SECRET_KEY", " short ", "at least 32 characters"),
        ("SECRET_KEY", "a secret key, of which the former half would be a key itself", "no comma"),
        ("SECRET_KEY", " a secret key with a space before it ", "no space around it"),
        ("SECRET_KEY_FALLBACKS", f"{'secret' * 9},short", "at least 32 characters"),
        ("CSRF_TRUSTED_ORIGINS", "https://a.test, chat.test", "CSRF_TRUSTED_ORIGINS=chat.test"),
        ("CSRF_TRUSTED_ORIGINS", "https://chat.test/", "must look like https://chat.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.chat.test", "must look like https://chat.example.org"),
        ("LIMITS", "0", "must be on or off"),
        ("HTTPS", "yes", "must be 0 or 1"),
        ("HSTS_SECONDS", "-1", "a whole number from 0 to 63072000"),
        ("HSTS_SUBDOMAINS", "all", "must be 0 or 1"),
    ],
)
def test_a_wrong_value_gives_one_line_that_names_it(
    tmp_path: Path, name: str, value: str, advice: str
) -> None:
    ended = _serve(tmp_path, **{name: value})

    _assert_one_line(ended, name, advice)
    assert "secret" not in ended.stderr


def test_a_limit_of_nothing_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "strict.py").write_text("from project.settings import *\nRATES = {'sign_ups': 0}\n")

    ended = _serve(tmp_path, DJANGO_SETTINGS_MODULE="strict", PYTHONPATH=str(tmp_path))

    _assert_one_line(ended, "settings.RATES['sign_ups'] = 0", "a whole number from 1")


def test_a_wrong_wait_for_postgresql_is_told_in_one_line(tmp_path: Path) -> None:
    url = "postgresql://me@127.0.0.1:1/anteroom"

    ended = _serve(tmp_path, DATABASE_URL=url, DATABASE_TIMEOUT="0")

    _assert_one_line(ended, "DATABASE_TIMEOUT", "a whole number from 1 to 60")


def test_a_port_in_use_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = _serve(tmp_path, PORT=str(port))

    _assert_one_line(ended, f"PORT={port} is in use")


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "anteroom.sqlite3").write_text("This is a letter to my aunt. " * 100)

    _assert_one_line(_serve(tmp_path), "anteroom.sqlite3", "not a database")


def test_an_empty_secret_key_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()

    _assert_one_line(_serve(tmp_path), "secret_key", "is empty")


def test_nothing_is_made_before_all_values_are_checked(tmp_path: Path) -> None:
    _serve(tmp_path, WORKERS="0")

    assert not (tmp_path / "anteroom.sqlite3").exists()


def test_a_fresh_checkout_serves_people_to_sign_in_as(tmp_path: Path) -> None:
    with _running(tmp_path) as (address, lines):
        assert _sign_ins(lines)
        assert not any("WORKERS" in line or "ALLOWED_HOSTS" in line for line in lines)

        assert _get(f"{address}/admin/login/").status_code == 200
        assert _get(f"{address}/static/admin/css/base.css").status_code == 200

    with _running(tmp_path) as (_, lines_again):
        assert _sign_ins(lines_again) == _sign_ins(lines)


def test_demo_people_can_be_declined(tmp_path: Path) -> None:
    with _running(tmp_path, DEMO="0") as (_, lines):
        assert not _sign_ins(lines)
        assert any("createsuperuser" in line for line in lines)


def test_a_server_open_to_others_has_no_demo_people_and_says_what_to_set(tmp_path: Path) -> None:
    with _running(tmp_path, HOST="0.0.0.0") as (address, lines):
        assert address.startswith("http://localhost:")
        assert not _sign_ins(lines)
        assert any("ALLOWED_HOSTS" in line for line in lines)


def test_several_processes_without_redis_are_told_to_be_late(tmp_path: Path) -> None:
    with _running(tmp_path, WORKERS="2") as (address, lines):
        assert any("WORKERS=2 without REDIS_URL" in line and "2 s late" in line for line in lines)

        assert _get(f"{address}/admin/login/").status_code == 200
