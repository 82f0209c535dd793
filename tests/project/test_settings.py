"""Settings as a self-hoster meets them: from outside, through manage.py."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from project import env

ROOT = Path(__file__).resolve().parents[2]


def manage(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *args],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def read_settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict:
    """Return the settings that a process with this environment alone would read."""
    monkeypatch.setattr("os.environ", {"PATH": os.environ["PATH"], **environment})
    return runpy.run_path(str(ROOT / "project/settings.py"))


def settings_of(monkeypatch: pytest.MonkeyPatch, *names: str, **environment: str) -> dict:
    found = read_settings(monkeypatch, **environment)
    return {name: found[name] for name in names}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PORT": "0"}, "PORT=0 is not a whole number from 1 to 65535"),
        ({"PORT": "http"}, "PORT=http"),
        ({"DEBUG": "maybe"}, "DEBUG=maybe is neither yes nor no"),
        ({"PUBLIC_URL": "todo.example.com"}, "PUBLIC_URL must begin with http:// or https://"),
        ({"PUBLIC_URL": "https://todo.example.com/app"}, "no path"),
        ({"PUBLIC_URL": "https://a b"}, "PUBLIC_URL must be like"),
        ({"PUBLIC_URL": "https://[::1"}, "PUBLIC_URL is not a URL"),
        ({"DATABASE_URL": "mysql://db/holdfast"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "postgresql://db:port/holdfast"}, "DATABASE_URL is not a URL"),
        ({"DATABASE_URL": "postgresql://"}, "DATABASE_URL must end with the name of a database"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must begin with redis://"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL must name a host"),
        ({"REDIS_URL": "redis://127.0.0.1:1/abc"}, "a database by its number"),
        ({"REDIS_URL": "unix:///run/valkey.sock?db=abc"}, "a database by its number"),
        ({"EMAIL_URL": "mail.example.com"}, "EMAIL_URL must begin with smtp:// or smtps://"),
        ({"EMAIL_URL": "smtp://mail.example.com:0"}, "EMAIL_URL has port 0"),
        ({"EMAIL_URL": "smtp://mail.example.com/path"}, "EMAIL_URL must name a host and no path"),
        ({"EMAIL_FROM": "not an address"}, "EMAIL_FROM=not an address is not an e-mail address"),
        ({"EMAIL_FROM": "a@example.com, b@example.com"}, "is not an e-mail address"),
        ({"EMAIL_URL": "smtp://mail.example.com?starttls=1"}, "unknown option 'starttls'"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT=xml is not known; use console or json"),
        ({"SECRET_KEY_FILE": "/nonexistent/key"}, "SECRET_KEY_FILE=/nonexistent/key cannot be read"),
        ({"SECRET_KEY": "a" * 60, "SECRET_KEY_FILE": "/etc/hostname"}, "Both SECRET_KEY and SECRET_KEY_FILE"),
        ({"TRUSTED_PROXIES": "127.0.0.1, proxy"}, "TRUSTED_PROXIES has proxy, which is no address or network"),
        ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "has host bits set"),
        ({"CLIENT_IP_HEADER": "X-Real-IP"}, "CLIENT_IP_HEADER is set and TRUSTED_PROXIES is not"),
        ({"TRUSTED_PROXIES": "::1", "CLIENT_IP_HEADER": "X Real"}, "is not the name of a header"),
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
        f"DATA_DIR {shared} belongs to somebody else or is shared; name a folder of its own, like {shared}/holdfast."
        in line
    )
    assert shared.stat().st_mode & 0o7777 == 0o1777


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ImproperlyConfigured, match="belongs to somebody else or is shared"):
        env.data_dir(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_the_root_folder_is_refused(monkeypatch):
    def fail(*args, **kwargs):
        raise AssertionError("touched")

    monkeypatch.setattr(Path, "chmod", fail)
    monkeypatch.setattr(Path, "touch", fail)
    with pytest.raises(ImproperlyConfigured, match="belongs to somebody else or is shared"):
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


@pytest.mark.slow
def test_a_request_for_another_host_leaves_one_line(tmp_path):
    code = (
        "from django.test import Client; headers = {'host': 'a.example', 'accept': 'application/json'}; "
        "print(Client().get('/lists/', headers=headers).status_code)"
    )
    done = manage("shell", "--no-imports", "-c", code, DATA_DIR=str(tmp_path), PYTHONWARNINGS="ignore")
    assert done.stdout.strip() == "400"
    (line,) = done.stderr.strip().splitlines()
    assert "GET /lists/ 400" in line


@pytest.mark.parametrize(("host", "bind"), [("", "127.0.0.1:8000"), ("0.0.0.0", "0.0.0.0:8000"), ("::1", "[::1]:8000")])
def test_gunicorn_alone_listens_where_host_says(monkeypatch, host, bind):
    monkeypatch.setenv("HOST", host)
    monkeypatch.delenv("PORT", raising=False)
    assert runpy.run_path(str(ROOT / "project/gunicorn.py"))["bind"] == bind


def test_a_password_in_a_broken_url_is_not_repeated(tmp_path):
    done = manage("check", DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://user:hunter2@db:port/holdfast")
    assert "hunter2" not in done.stderr + done.stdout


def test_the_default_is_plain_http_on_localhost(tmp_path, monkeypatch):
    found = settings_of(
        monkeypatch,
        *("PUBLIC_URL", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "DEBUG", "HOST"),
        DATA_DIR=str(tmp_path),
    )
    assert found == {
        "PUBLIC_URL": "http://localhost:8000",
        "SECURE_SSL_REDIRECT": False,
        "SESSION_COOKIE_SECURE": False,
        "SECURE_HSTS_SECONDS": 0,
        "DEBUG": False,
        "HOST": "127.0.0.1",
    }


def test_everything_secure_follows_from_an_https_address(tmp_path, monkeypatch):
    found = settings_of(
        monkeypatch,
        *("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE"),
        *("CSRF_COOKIE_SECURE", "SECURE_PROXY_SSL_HEADER", "SECURE_HSTS_SECONDS"),
        DATA_DIR=str(tmp_path),
        PUBLIC_URL="https://todo.example.com/",
    )
    assert found == {
        "ALLOWED_HOSTS": ["todo.example.com"],
        "CSRF_TRUSTED_ORIGINS": ["https://todo.example.com"],
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_HSTS_SECONDS": 31536000,
    }


def test_the_secret_key_is_made_once_and_kept_private(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    first = settings_of(monkeypatch, "SECRET_KEY", DATA_DIR=str(folder))
    assert first == settings_of(monkeypatch, "SECRET_KEY", DATA_DIR=str(folder))
    assert len(first["SECRET_KEY"]) >= 50
    assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_secret_may_come_from_a_file(tmp_path, monkeypatch):
    (tmp_path / "key").write_text("sample-" * 10 + "\n")
    found = settings_of(
        monkeypatch, "SECRET_KEY", DATA_DIR=str(tmp_path / "data"), SECRET_KEY_FILE=str(tmp_path / "key")
    )
    assert found["SECRET_KEY"] == "sample-" * 10


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp://user:p%40ss@mail.example.com", 587, True, False),
        ("smtp://user:p%40ss@mail.example.com:2525?tls=0", 2525, False, False),
        ("smtps://user:p%40ss@mail.example.com", 465, False, True),
    ],
)
def test_the_mail_server_comes_from_one_url(tmp_path, monkeypatch, url, port, tls, ssl):
    found = read_settings(monkeypatch, DATA_DIR=str(tmp_path), EMAIL_URL=url)
    options = found["MAILERS"]["default"]["OPTIONS"]
    assert (options["port"], options["use_tls"], options["use_ssl"]) == (port, tls, ssl)
    assert options["password"] == ("p@ss" if "user" in url else "")


@pytest.mark.slow
def test_workers_keep_connections_and_web_processes_pool_them(tmp_path):
    url = "postgresql://user:sample@db.example.com/holdfast"
    code = (
        "from django.conf import settings; d = settings.DATABASES['default']; "
        "print(d['CONN_MAX_AGE'], 'pool' in d['OPTIONS'])"
    )
    worker = manage("shell", "--no-imports", "-c", code, DATA_DIR=str(tmp_path), DATABASE_URL=url)
    assert worker.stdout.split() == ["600", "False"], worker.stderr
    web = subprocess.run(
        [sys.executable, "-c", f"import project.wsgi; {code}"],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert web.stdout.split() == ["0", "True"], web.stderr


def test_an_empty_secret_key_is_refused(tmp_path):
    (tmp_path / "secret_key").touch()
    done = manage("check", DATA_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "is empty. Delete it" in done.stderr
