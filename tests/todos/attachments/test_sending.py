"""What the page of a to-do shows of files on their way, and the plain form that sends some."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from tests.todos.attachments.files import PDF, arrived, form_file, names, picture
from todos.attachments import attaching
from todos.models import Todo
from uploads.models import State, Upload
from workflows.testing import run_until_idle


def follow(client, todo: Todo, seen: str = ""):
    headers = {"HX-Request": "true", "HX-Target": "div#attachment-list"}
    return client.get(f"/todos/{todo.pk}/attachments/?seen={seen}", headers=headers)


def test_the_page_asks_until_all_is_settled(tiles, alice, bob, sign_in):
    arrived(tiles, picture(), by=alice)
    client = sign_in(alice)
    page = follow(client, tiles)
    seen = page.context["seen"]
    assert "Checking" in page.text
    assert f"?seen={seen}" in page.text
    assert follow(client, tiles, str(seen)).status_code == 204
    assert "plan.png" not in follow(sign_in(bob), tiles).text
    run_until_idle()
    page = follow(client, tiles, str(seen))
    assert page.status_code == 200
    assert "?seen=" not in page.text
    assert "plan.png" in follow(sign_in(bob), tiles).text


def test_the_plain_address_leads_to_the_page(tiles, carol, mallory, sign_in):
    url = f"/todos/{tiles.pk}/attachments/"
    assert sign_in(carol).get(url)["Location"] == f"{tiles.get_absolute_url()}#attachments"
    assert sign_in(mallory).get(url).status_code == 404


def test_an_upload_that_nobody_completed_is_not_followed_for_ever(tiles, alice, sign_in):
    made = Upload.create(name="a.png", size=10, type="image/png", target=attaching.target(tiles), by=alice)
    assert follow(sign_in(alice), tiles).context["following"]
    Upload.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(hours=1))
    assert not follow(sign_in(alice), tiles).context["following"]


def test_a_rejected_upload_says_why_until_it_is_dismissed(tiles, alice, bob, carol, mallory, sign_in):
    upload = arrived(tiles, b"<html>", by=alice, name="page.png")
    run_until_idle()
    upload.refresh_from_db()
    page = sign_in(alice).get(tiles.get_absolute_url()).text
    assert upload.message
    assert escape(upload.message) in page
    url = reverse("todos:upload_dismiss", args=[tiles.pk, upload.pk])
    assert sign_in(bob).post(url).status_code == 404
    assert sign_in(carol).post(url).status_code == 403
    assert sign_in(mallory).post(url).status_code == 404
    assert sign_in(alice).get(url).status_code == 405
    assert sign_in(alice).post(url).status_code == 302
    upload.refresh_from_db()
    assert upload.state == State.DELETED
    assert upload.name not in sign_in(alice).get(tiles.get_absolute_url()).text


def test_what_is_attached_cannot_be_dismissed(plan, tiles, alice, sign_in):
    sign_in(alice).post(reverse("todos:upload_dismiss", args=[tiles.pk, plan.upload_id]))
    assert names(tiles) == ["plan.png"]


# --- Plain forms ------------------------------------------------------------------------------------------------------


def test_a_plain_form_takes_several_files(tiles, bob, sign_in):
    files = [form_file("a.png"), form_file("b.pdf", PDF, "application/pdf"), form_file("c.txt", b"x", "text/plain")]
    page = sign_in(bob).post(f"/todos/{tiles.pk}/attachments/", {"file": files}, follow=True)
    assert "Only images" in page.text
    run_until_idle()
    assert sorted(names(tiles)) == ["a.png", "b.pdf"]


def test_who_may_send_a_plain_form(tiles, alice, carol, mallory, sign_in, client):
    url = f"/todos/{tiles.pk}/attachments/"
    assert sign_in(carol).post(url, {"file": form_file()}).status_code == 403
    assert sign_in(mallory).post(url, {"file": form_file()}).status_code == 404
    assert client.post(url, {"file": form_file()}).status_code == 302
    tiles.trash(by=alice)
    assert sign_in(alice).post(url, {"file": form_file()}).status_code == 404
    assert not Upload.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"file": "no file"}, {"other": "x"}])
def test_a_plain_form_without_a_file(tiles, alice, sign_in, fields):
    page = sign_in(alice).post(f"/todos/{tiles.pk}/attachments/", fields, follow=True)
    assert "Choose a file first." in page.text


def test_a_plain_form_needs_its_token(tiles, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(f"/todos/{tiles.pk}/attachments/", {"file": form_file()}).status_code == 403
    assert not Upload.objects.exists()
