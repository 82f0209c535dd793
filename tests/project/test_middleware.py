import io

import pytest
from django.db import OperationalError
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from redis.exceptions import ConnectionError as RedisConnectionError

from project import middleware

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PAGES = ("/", "/todos/1/", "/todos/1/attachments/", "/uploads/", "/admin/login/")


@pytest.fixture
def visitor() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("size", "path"), [(64 * 1024 + 1, LOGIN), (1024 * 1024 + 1, "/lists/"), *((80_000_000, path) for path in PAGES)]
)
def test_a_body_above_the_paths_limit_is_refused_unread(visitor, size, path):
    class Unread(io.BytesIO):
        def read(self, *_args):
            raise AssertionError("the body was read")

    response = visitor.generic("POST", path, b"", CONTENT_LENGTH=str(size), **{"wsgi.input": Unread()})
    assert response.status_code == 413
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "٣"])
def test_a_length_that_is_no_number_is_refused(visitor, length):
    assert visitor.generic("POST", LOGIN, b"", CONTENT_LENGTH=length).status_code == 400


def test_a_length_of_any_size_is_refused(visitor):
    assert visitor.generic("POST", LOGIN, b"", CONTENT_LENGTH="9" * 5000).status_code == 413


def test_a_chunked_body_is_refused(visitor):
    assert visitor.post(LOGIN, {"a": "b"}, headers={"transfer-encoding": "chunked"}).status_code == 411


def test_a_cut_body_is_refused():
    request = RequestFactory().generic("POST", LOGIN, b"", CONTENT_LENGTH="100", **{"wsgi.input": io.BytesIO(b"a=b")})
    response = middleware.body_limit(lambda _request: pytest.fail("was served"))(request)
    assert response.status_code == 400


def test_an_error_is_json_where_the_client_asks_for_it(visitor):
    response = visitor.get("/nothing/here/", headers={"accept": "application/json"})
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"
    assert response.json()["error"]["message"].startswith("There is nothing here. It may have been moved")


def test_an_error_is_a_page_otherwise(visitor):
    response = visitor.get("/nothing/here/")
    assert response.status_code == 404
    assert b"<h1" in response.content


def test_a_wrong_host_is_told_what_is_wrong(visitor):
    response = visitor.get(LOGIN, headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert b"PUBLIC_URL" in response.content


def test_every_answer_carries_the_security_headers_and_a_request_id(visitor):
    response = visitor.get(LOGIN)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]
    assert len(response["X-Request-ID"]) == 32


def test_a_page_holds_no_inline_script_or_style(visitor):
    html = visitor.get(LOGIN).content.decode()
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick=" not in html
    scripts = [tag.partition(">")[0] for tag in html.split("<script")[1:]]
    assert all("src=" in tag or 'type="application/json"' in tag for tag in scripts)


def test_a_swap_that_meets_the_sign_in_page_goes_there_as_a_whole(visitor):
    response = visitor.get("/lists/", headers={"hx-request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith(LOGIN)


@pytest.mark.parametrize(
    "outage",
    [OperationalError("database is locked"), RedisConnectionError("refused"), OSError(28, "No space left on device"),
     PermissionError(13, "Permission denied")],
)  # fmt: skip
def test_an_outage_is_a_clear_page_and_a_clear_log_line(visitor, monkeypatch, caplog, outage):
    def fail(_request):
        raise outage

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", lambda _s, r: fail(r))
    response = visitor.get(LOGIN)
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert b"safe" in response.content
    assert any("could not be served" in message for message in caplog.messages)


def test_a_defect_of_ours_is_a_500_page(visitor, monkeypatch):
    def fail(_self, _request):
        raise ZeroDivisionError

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", fail)
    response = visitor.get(LOGIN)
    assert response.status_code == 500
    assert b"<h1" in response.content


@pytest.mark.parametrize(
    ("path", "status"), [("/uploads/1/bytes/", 404), ("/uploads/1/2/bytes/", 413), ("/todos/1/edit/", 413), ("/", 413)]
)
def test_a_star_in_a_limit_stands_for_one_part_of_a_path(visitor, path, status):
    assert visitor.put(path, b"x" * (2 * 1024 * 1024)).status_code == status


def test_no_body_is_sent_for_head():
    closed = []

    class Body:
        def __iter__(self):
            yield pytest.fail("was read")

        def close(self):
            closed.append(self)

    request = RequestFactory().head("/")
    streamed = StreamingHttpResponse(Body(), headers={"Content-Length": "9"})
    whole = HttpResponse(b"123456789", headers={"Content-Length": "9"})
    for response in (streamed, whole):
        answer = middleware.head(lambda _request, response=response: response)(request)
        assert b"".join(answer) == b""
        assert answer["Content-Length"] == "9"
        answer.close()
    assert len(closed) == 1
