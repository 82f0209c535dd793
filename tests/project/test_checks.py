import pytest

from project import checks
from project.lib.s3 import Bucket
from workflows.checks import check_cluster


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"broker_class": None}, "workflows.E001"),
        ({"workers": None}, "workflows.E002"),
        ({"queue_limit": 0}, "workflows.E003"),
        ({"queue_limit": 5}, "workflows.E003"),
        ({"save_limit": 250}, "workflows.E004"),
        ({"scheduler": True}, "workflows.E005"),
    ],
)
def test_dangerous_worker_settings_are_refused(settings, change, error):
    settings.Q_CLUSTER = settings.Q_CLUSTER | change
    assert [message.id for message in check_cluster()] == [error]


def test_the_worker_settings_in_use_are_accepted():
    assert check_cluster() == []


def test_a_connection_per_job_is_refused(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "CONN_MAX_AGE", 0)
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", {})
    assert [message.id for message in check_cluster()] == ["workflows.E006"]


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://localhost:8000"), ("127.0.0.1", "https://a.example")])
def test_debug_is_for_ones_own_machine(settings, host, url):
    settings.DEBUG, settings.HOST, settings.PUBLIC_URL = True, host, url
    assert [message.id for message in checks.check_debug()] == ["project.E001"]


def test_debug_on_localhost_is_accepted(settings):
    settings.DEBUG = True
    assert checks.check_debug() == []


def test_a_second_authentication_backend_is_refused(settings):
    settings.AUTHENTICATION_BACKENDS = [
        *settings.AUTHENTICATION_BACKENDS,
        "django.contrib.auth.backends.ModelBackend",
    ]
    assert [message.id for message in checks.check_backends()] == ["project.E002"]


def test_a_short_secret_key_is_refused(settings):
    settings.SECRET_KEY = "sample"
    assert [message.id for message in checks.check_secret_key()] == ["project.E003"]


def test_plain_http_beyond_this_machine_is_warned_of(settings):
    settings.PUBLIC_URL = "http://todo.example.com"
    assert [message.id for message in checks.check_public_url()] == ["project.W001"]


@pytest.mark.parametrize(
    ("https", "endpoint", "found"),
    [
        (True, "http://s3.example.com", ["project.E004"]),
        (True, "https://s3.example.com", []),
        (True, "http://127.0.0.1:8333", []),
        (False, "http://s3.example.com", []),
    ],
)
def test_a_bucket_that_browsers_refuse_is_refused(settings, https, endpoint, found):
    settings.HTTPS = https
    settings.S3 = Bucket("files", "auto", "key", "secret", endpoint=endpoint, addressing="path")
    assert [message.id for message in checks.check_bucket()] == found


def test_no_bucket_is_fine():
    assert checks.check_bucket() == []
