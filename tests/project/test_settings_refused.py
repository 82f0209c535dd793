"""Settings that make no sense are refused, in one line that says so."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from project.lib import env
from tests.project.reading import KEYS, manage, read_settings


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "0"}, "PORT=0 is not a whole number from 1 to 65535"),
        ({"PORT": "http"}, "PORT=http"),
        ({"DEBUG": "maybe"}, "DEBUG=maybe is neither yes nor no"),
        ({"PUBLIC_URL": "todo.example.com"}, "PUBLIC_URL must begin with http:// or https://"),
        ({"PUBLIC_URL": "https://todo.example.com/app"}, "no path"),
        ({"PUBLIC_URL": "https://a b"}, "PUBLIC_URL must look like"),
        ({"PUBLIC_URL": "https://[::1"}, "PUBLIC_URL is not a URL"),
        ({"DATABASE_URL": "mysql://db/holdfast"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "postgresql://db:port/holdfast"}, "DATABASE_URL is not a URL"),
        ({"DATABASE_URL": "postgresql://"}, "DATABASE_URL must end with the name of a database"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must begin with redis://"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL must name a host"),
        ({"REDIS_URL": "redis://127.0.0.1:1/abc"}, "the number of a database"),
        ({"REDIS_URL": "unix:///run/valkey.sock?db=abc"}, "the number of a database"),
        ({"EMAIL_URL": "mail.example.com"}, "EMAIL_URL must begin with smtp:// or smtps://"),
        ({"EMAIL_URL": "smtp://mail.example.com:0"}, "EMAIL_URL has port 0"),
        ({"EMAIL_URL": "smtp://mail.example.com/path"}, "EMAIL_URL must name a host and have no path"),
        ({"EMAIL_FROM": "not an address"}, "EMAIL_FROM=not an address is not an email address"),
        ({"EMAIL_FROM": "a@example.com, b@example.com"}, "is not an email address"),
        ({"EMAIL_URL": "smtp://mail.example.com?starttls=1"}, "unknown option 'starttls'"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT=xml is not valid; use console or json"),
        ({"SECRET_KEY_FILE": "/nonexistent/key"}, "SECRET_KEY_FILE=/nonexistent/key cannot be read"),
        ({"SECRET_KEY": "a" * 60, "SECRET_KEY_FILE": "/etc/hostname"}, "Both SECRET_KEY and SECRET_KEY_FILE"),
        ({"TRUSTED_PROXIES": "127.0.0.1, proxy"}, "TRUSTED_PROXIES contains proxy, which is not an address or network"),
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "has host bits set"),
        ({"CLIENT_IP_HEADER": "X-Real-IP"}, "CLIENT_IP_HEADER is set but TRUSTED_PROXIES is not"),
        ({"TRUSTED_PROXIES": "::1", "CLIENT_IP_HEADER": "X Real"}, "is not the name of a header"),
        ({"S3_BUCKET": "files"}, "S3_BUCKET is set but S3_ACCESS_KEY_ID is not"),
        ({"S3_REGION": "auto"}, "S3_REGION is set but S3_BUCKET is not"),
        (KEYS, "S3_REGION is needed unless S3_ENDPOINT_URL is set"),
        (KEYS | {"S3_REGION": "EU!"}, "S3_REGION=EU! is not the name of a region"),
        (KEYS | {"S3_REGION": "auto", "S3_BUCKET": "A/b"}, "S3_BUCKET=A/b is not the name of a bucket"),
        (KEYS | {"S3_REGION": "auto", "S3_BUCKET": "a.b"}, "has a dot, which https certificates do not cover"),
        (KEYS | {"S3_ENDPOINT_URL": "s3.example.com"}, "S3_ENDPOINT_URL must begin with http:// or https://"),
        (KEYS | {"S3_ENDPOINT_URL": "https://s3.example.com/files"}, "with no bucket or path after the host"),
        (KEYS | {"S3_REGION": "auto", "S3_ADDRESSING": "dns"}, "S3_ADDRESSING=dns is not valid; use path or virtual"),
        ({"UPLOAD_MAX_BYTES": "10 MB"}, "UPLOAD_MAX_BYTES=10 MB is not a whole number"),
        ({"UPLOAD_MAX_BYTES": "0"}, "UPLOAD_MAX_BYTES=0 is not a whole number from 1024"),
        ({"UPLOAD_QUOTA_BYTES": "-1"}, "UPLOAD_QUOTA_BYTES=-1 is not a whole number"),
        ({"DATA_DIR": "/proc/holdfast"}, "DATA_DIR /proc/holdfast cannot be written to"),
    ],
)
def test_nonsense_is_refused(tmp_path, monkeypatch, environment, words):
    with pytest.raises(ImproperlyConfigured) as refusal:
        read_settings(monkeypatch, **({"DATA_DIR": str(tmp_path)} | environment))
    (line,) = str(refusal.value).splitlines()
    assert words in line


def test_a_refusal_is_one_line_and_status_2(tmp_path):
    done = manage("check", DATA_DIR=str(tmp_path), PORT="http")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "PORT=http" in line


@pytest.fixture
def shared(tmp_path):
    """Return a folder like /tmp (never that one: what these tests prove is that it stays open to others)."""
    tmp_path.chmod(0o1777)
    return tmp_path


def test_a_folder_that_everybody_writes_to_is_refused(shared):
    done = manage("check", DATA_DIR=str(shared))
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert (
        f"DATA_DIR {shared} belongs to someone else or is shared; choose a folder for Holdfast alone, "
        f"like {shared}/holdfast." in line
    )
    assert shared.stat().st_mode & 0o7777 == 0o1777


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ImproperlyConfigured, match="belongs to someone else or is shared"):
        env.data_dir(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_root_folder_is_refused(monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("touched")

    monkeypatch.setattr(Path, "chmod", fail)
    monkeypatch.setattr(Path, "touch", fail)
    with pytest.raises(ImproperlyConfigured, match="belongs to someone else or is shared"):
        env.data_dir(Path("/"))


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("REDIS_URL", "redis://cache.example.com", env.redis_url),
        ("REDIS_URL", "rediss://user:sample@cache.example.com:6380/2", env.redis_url),
        ("REDIS_URL", "unix:///run/valkey.sock?db=1", env.redis_url),
        ("EMAIL_FROM", "holdfast@intranet", lambda: env.sender("")),
        ("EMAIL_FROM", '"Dee, Jay" <jay@example.com>', lambda: env.sender("")),
    ],
)
def test_sense_is_accepted(monkeypatch, name, value, read):
    monkeypatch.setenv(name, value)
    assert read() == value


@pytest.mark.slow
@pytest.mark.parametrize("command", [["seed_admin"], ["seed_demo"], ["reset_link", "alice@example.com"]])
def test_a_command_before_the_first_start_says_what_to_do(tmp_path, command):
    done = manage(*command, DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "Migrations are missing: `make run` or `manage.py migrate` applies them" in line


@pytest.mark.slow
def test_a_command_whose_database_is_down_says_so_in_one_line(tmp_path):
    done = manage("seed_admin", DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://user:hunter2@127.0.0.1:1/holdfast")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "The database cannot be used: connection failed" in line
    assert "hunter2" not in line


def test_what_the_system_checks_refuse_is_one_line_each(tmp_path):
    done = manage("serve", DATA_DIR=str(tmp_path), SECRET_KEY="short", DEBUG="1", HOST="0.0.0.0")
    assert done.returncode == 2
    debug, key = done.stderr.strip().splitlines()
    assert "DEBUG=1 shows secrets" in debug
    assert "SECRET_KEY is shorter" in key


def test_a_password_in_a_broken_url_is_not_repeated(tmp_path):
    done = manage("check", DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://user:hunter2@db:port/holdfast")
    assert "hunter2" not in done.stderr + done.stdout


def test_an_empty_secret_key_is_refused(tmp_path):
    (tmp_path / "secret_key").touch()
    done = manage("check", DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "is empty. Delete it" in done.stderr
