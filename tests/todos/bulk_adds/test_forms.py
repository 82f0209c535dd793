"""Adding many lines: what is refused of what is sent, and how that is told."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.todos.bulk_adds.making import new_url, upload
from todos.bulk_adds.steps import LARGEST
from todos.models import BulkAdd
from todos.models.bulkadd import Ending, State
from workflows.testing import run_until_idle

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Type or paste some lines"),
        ({"lines": ""}, "Type or paste some lines"),
        ({"file": ("empty.txt", b"")}, "This file is empty."),
        ({"lines": "a", "file": ("b.txt", b"b")}, "Enter lines or choose a file"),
    ],
)
def test_what_is_wrong_with_the_form_is_said_on_it(flat, alice, sign_in, fields, said):
    sent = {name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value for name, value in fields.items()}
    response = sign_in(alice).post(new_url(flat), sent)
    assert response.status_code == 422
    assert said in response.text
    assert not BulkAdd.objects.exists()


def test_what_was_typed_is_shown_again(flat, alice, sign_in):
    sent = {"lines": "Keep <me>", "file": SimpleUploadedFile("b.txt", b"b")}
    assert "Keep &lt;me&gt;</textarea>" in sign_in(alice).post(new_url(flat), sent).text


@pytest.mark.slow
@pytest.mark.parametrize("field", ["lines", "file"])
def test_twenty_megabytes_are_taken_and_one_byte_more_is_not(flat, alice, sign_in, field):
    client = sign_in(alice)
    line = b"x" * 1023 + b"\n"
    most = line * (LARGEST // 1024)
    for size, status in ((LARGEST, 302), (LARGEST + 1, 422)):
        data = (most + b"y")[:size]
        value = SimpleUploadedFile("most.txt", data) if field == "file" else data.decode()
        response = client.post(new_url(flat), {field: value})
        assert response.status_code == status
    assert "larger than 20 MB" in response.text
    assert BulkAdd.objects.get().size == LARGEST


def test_a_line_of_a_hundred_megabytes_is_refused_with_a_reason(flat, alice, sign_in):
    class Zeros(io.RawIOBase):
        """A body of one long line that is nowhere in memory."""

        def __init__(self) -> None:
            self.left = 100 * 1024 * 1024

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            size = min(self.left, size)
            self.left -= size
            return b"x" * size

    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="long.txt"\r\n\r\n'
    tail = b"\r\n--b--\r\n"
    body = Joined([io.BytesIO(head), Zeros(), io.BytesIO(tail)])
    response = sign_in(alice).generic(
        "POST",
        new_url(flat),
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(len(head) + 100 * 1024 * 1024 + len(tail)),
        **{"wsgi.input": body},
    )
    assert response.status_code == 422
    assert "larger than 20 MB" in response.text


class Joined(io.RawIOBase):
    def __init__(self, parts: list) -> None:
        self.parts = parts

    def read(self, size: int = -1) -> bytes:
        while self.parts:
            if data := self.parts[0].read(size):
                return data
            self.parts.pop(0)
        return b""


def test_a_body_that_is_cut_makes_nothing(flat, alice, sign_in):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nBuy'
    response = sign_in(alice).generic(
        "POST",
        new_url(flat),
        head,
        content_type="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(len(head) + 100),
        **{"wsgi.input": io.BytesIO(head)},
    )
    assert response.status_code in (400, 403)
    assert not BulkAdd.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--b",
        b"--b\r\n\r\n\r\n--b--",
        b'--b\r\nContent-Disposition: form-data; name="\x00"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"x" * 70_000 + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n' * 30 + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="../\x00"\r\n\r\n\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + b"n" * 500 + b'"\r\n\r\nx\r\n--b--\r\n',
    ],
)
def test_a_body_that_is_no_form_is_never_an_error(flat, alice, sign_in, body):
    client = sign_in(alice)
    client.raise_request_exception = False
    response = client.generic("POST", new_url(flat), body, content_type="multipart/form-data; boundary=b")
    assert response.status_code in (302, 400, 422)


def test_the_token_is_asked_for(flat, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(new_url(flat), upload()).status_code == 403
    token = client.get(new_url(flat)).context["csrf_token"]
    assert client.post(new_url(flat), upload() | {"csrfmiddlewaretoken": str(token)}).status_code == 302


@pytest.mark.parametrize(
    ("data", "ending", "said"),
    [
        (b"\n" * 100_001, Ending.TOO_MANY, "more than 100,000 lines"),
        (b" \n\r\n\t", Ending.NOTHING, "none of the lines is a to-do"),
        (b"\x00" * 5000, Ending.NOTHING, "can&#x27;t be stored"),
        (b"\xff\n" * 3, Ending.NOTHING, "Byte 1 (0xFF) is not UTF-8"),
        ("Buy grout".encode("utf-16"), Ending.UTF16, "Save it as UTF-8"),
        (b"x" * 5_000_000, Ending.NOTHING, "far too long"),
    ],
)
def test_what_cannot_be_added_at_all_is_told_why(flat, alice, sign_in, data, ending, said):
    made = BulkAdd.create(flat, ContentFile(data), by=alice)
    run_until_idle()
    made.refresh_from_db()
    assert made.ending == ending
    assert made.lines == made.skipped
    page = sign_in(alice).get(made.get_absolute_url())
    assert said in page.text
    assert not page.context["live"]


def test_a_hundred_thousand_lines_are_taken(flat, alice):
    made = BulkAdd.create(flat, ContentFile(b"x\n" * 100_000), by=alice)
    run_until_idle()
    made.refresh_from_db()
    assert (made.state, made.addable) == (State.PREVIEW, 100_000)
