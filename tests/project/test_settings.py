"""Settings as a self-hoster meets them: from outside, through manage.py."""

import os
import runpy
import subprocess
import sys

import pytest

from tests.project.reading import KEYS, ROOT, manage, read_settings, settings_of


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


@pytest.mark.parametrize(
    ("environment", "source"),
    [
        ({"S3_REGION": "eu-central-1"}, "https://files.s3.eu-central-1.amazonaws.com"),
        ({"S3_REGION": "eu-central-1", "S3_ADDRESSING": "path"}, "https://s3.eu-central-1.amazonaws.com/files/"),
        ({"S3_ENDPOINT_URL": "https://1.r2.cloudflarestorage.com/"}, "https://1.r2.cloudflarestorage.com/files/"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:8333", "S3_ADDRESSING": "virtual"}, "http://files.127.0.0.1:8333"),
    ],
)
def test_the_bucket_is_where_pages_may_send_files(tmp_path, monkeypatch, environment, source):
    found = read_settings(monkeypatch, DATA_DIR=str(tmp_path), **KEYS, **environment)
    assert found["SECURE_CSP"]["connect-src"] == found["SECURE_CSP"]["img-src"] == ["'self'", source]
    assert found["UPLOAD_STORE"] == "uploads.stores.s3.S3Store"
    assert found["STORAGES"]["default"]["OPTIONS"]["location"] == "private/"
    assert "never shown" not in repr(found["S3"])


def test_without_a_bucket_pages_stay_at_home(tmp_path, monkeypatch):
    found = read_settings(monkeypatch, DATA_DIR=str(tmp_path))
    assert "connect-src" not in found["SECURE_CSP"]
    assert found["UPLOAD_STORE"] == "uploads.stores.local.LocalStore"
