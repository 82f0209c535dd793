"""What members see of their own files, and how they free room before the days of the trash are over."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.todos.attachments.files import PDF, attach, form_file
from tests.todos.trash.test_emptying import age
from todos.models import Activity, Attachment, Role, Verb
from todos.refusals import FileNotInTheTrash, Gone
from uploads.models import State, Upload, Usage
from uploads.stores import store
from workflows.testing import run_until_idle

URL = "/files/"


@pytest.fixture
def plan(tiles, bob) -> Attachment:
    return attach(tiles, by=bob)


@pytest.fixture
def removed(plan, alice) -> Attachment:
    plan.trash(by=alice)
    return plan


def erase_url(attachment: Attachment) -> str:
    return reverse("todos:attachment_erase", args=[attachment.pk])


# --- The page ---------------------------------------------------------------------------------------------------------


def test_it_shows_ones_own_files_newest_first(plan, tiles, alice, bob, carol, sign_in):
    attach(tiles, by=alice, name="others.png")
    attach(tiles, by=bob, name="offer.pdf", data=PDF, type="application/pdf")
    page = sign_in(bob).get(URL).text
    assert page.index("offer.pdf") < page.index("plan.png")
    assert "others.png" not in page
    assert "Order tiles · Flat renovation" in page
    assert "No files" in sign_in(carol).get(URL).text


def test_visitors_sign_in_first(client, db):
    assert client.get(URL)["Location"].startswith("/accounts/login/")


def test_the_usage_stands_there_in_the_settings_and_in_the_refusal(plan, tiles, bob, sign_in, settings):
    settings.UPLOAD_QUOTA_BYTES = 1024
    Usage.objects.filter(owner=bob).update(bytes=1000)
    client = sign_in(bob)
    for url in (URL, reverse("account_settings")):
        page = client.get(url)
        assert "1000 bytes of 1.0 KB used" in page.text.replace("\xa0", " ")
        assert f'href="{URL}"' in page.text or url == URL
    fields = {"name": "a.png", "size": 25, "type": "image/png", "target": {"kind": "todo", "id": tiles.pk}}
    refused = client.post("/uploads/", fields, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "quota")
    assert "you have used 1000 bytes of 1.0 KB" in refused.json()["error"]["message"].replace("\xa0", " ")
    page = client.post(f"/todos/{tiles.pk}/attachments/", {"file": form_file()}, follow=True)
    assert f'<a href="{URL}">See your files</a>' in page.text


def test_who_has_no_files_uses_nothing(alice, sign_in):
    page = sign_in(alice).get(reverse("account_settings")).text
    assert "0 bytes of 1.0 GB used" in page.replace("\xa0", " ")


STANDINGS = {
    "attached": ("Order tiles · Flat renovation", "Remove"),
    "file in the trash": ("removed on", "Delete permanently"),
    "to-do in the trash": ("in the trash", None),
    "list in the trash": ("In a list in the trash", None),
    "reader": ("Order tiles · Flat renovation", None),
    "file in the trash of a reader": ("removed on", None),
    "stranger": ("In a list you are no longer a member of", None),
}


@pytest.mark.parametrize("standing", STANDINGS)
def test_it_says_where_a_file_stands_and_offers_what_is_allowed(plan, flat, tiles, alice, bob, sign_in, standing):
    membership = flat.memberships.get(user=bob)
    if "file in the trash" in standing:
        plan.trash(by=alice)
    if "to-do" in standing:
        tiles.trash(by=alice)
    if "list" in standing:
        flat.trash(by=alice)
    if "reader" in standing:
        membership.change_role(Role.READER, by=alice)
    if "stranger" in standing:
        membership.remove(by=alice)
    client = sign_in(bob)
    row = client.get(URL).text.partition(f'id="own-{plan.pk}"')[2].partition("</li>")[0]
    said, offered = STANDINGS[standing]
    assert "plan.png" in row
    assert said in row
    assert {"Remove": "Remove</button>" in row, "Delete permanently": "Delete permanently</a>" in row} == {
        verb: verb == offered for verb in ("Remove", "Delete permanently")
    }
    # What is shown can be opened, and what is not offered is not allowed.
    for name, shown in (("attachment_small", "<img"), ("todo", "<a class=")):
        response = client.get(reverse(f"todos:{name}", args=[plan.pk if "small" in name else tiles.pk]))
        b"".join(response)  # a file that is streamed is closed at its end
        assert (response.status_code == 200) == (shown in row), name
    assert (client.get(erase_url(plan)).status_code == 200) == (offered == "Delete permanently")


def test_it_costs_the_same_for_many(plan, tiles, bob, sign_in):
    client = sign_in(bob)
    client.get(URL)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    few = cost()
    fields = {field.attname: getattr(plan.upload, field.attname) for field in Upload._meta.concrete_fields}
    del fields["id"]
    for number in range(60):
        copy = Upload.objects.create(**fields | {"name": f"{number}.png"})
        Attachment.objects.create(todo=tiles, upload=copy, position=number, created_by=bob)
    assert cost() == few <= 10
    page = client.get(URL).text
    assert page.count("data-row-link") == 50
    assert "Page 1 of 2" in page
    assert client.get(f"{URL}?page=2").text.count("data-row-link") == 11


# --- Deleting for good ------------------------------------------------------------------------------------------------


def test_a_file_in_the_trash_is_deleted_for_good(removed, tiles, bob, sign_in):
    assert Usage.of(bob) == removed.upload.stored_size
    client, url = sign_in(bob), erase_url(removed)
    assert "Nobody will be able to restore the file." in client.get(url).text
    assert Attachment.objects.exists()
    page = client.post(url, follow=True)
    assert page.redirect_chain == [(URL, 302)]
    assert "“plan.png” was permanently deleted" in page.text
    assert "own-" not in page.text
    assert Usage.of(bob) == 0
    assert not Attachment.objects.exists()
    assert Upload.objects.get().state == State.DELETED
    run_until_idle()
    assert list(store().walk()) == []
    assert list(Activity.objects.newest_first().values_list("verb", flat=True)[:2]) == [
        Verb.FILE_ERASED,
        Verb.FILE_TRASHED,
    ]
    assert "Bob permanently deleted “plan.png”" in client.get(tiles.get_absolute_url()).text
    assert client.post(url).status_code == 404


def test_who_may_delete_a_file_for_good(removed, flat, tiles, alice, bob, carol, mallory, sign_in, client):
    url = erase_url(removed)
    tried = {person: sign_in(person).post(url).status_code for person in (alice, carol, mallory)}
    assert tried == {alice: 403, carol: 404, mallory: 404}  # Alice owns the list, Bob uploaded the file
    assert client.post(url).status_code == 302
    flat.memberships.get(user=bob).change_role(Role.READER, by=alice)
    assert sign_in(bob).post(url).status_code == 404
    flat.memberships.get(user=bob).change_role(Role.EDITOR, by=alice)
    tiles.trash(by=alice)
    assert sign_in(bob).post(url).status_code == 404
    tiles.restore(by=alice)
    assert Attachment.objects.trashed().exists()
    assert sign_in(bob).post(url)["Location"] == URL


def test_a_file_that_is_not_in_the_trash_stays(plan, bob, sign_in):
    assert sign_in(bob).post(erase_url(plan)).status_code == 404
    with pytest.raises(FileNotInTheTrash):
        plan.erase(by=bob)
    assert Usage.of(bob) == Attachment.objects.live().get().upload.stored_size


def test_it_is_deleted_once(removed, bob):
    copy = Attachment.objects.select_related("upload", "todo").get()
    assert removed.erase(by=bob)
    with pytest.raises(Gone):
        copy.erase(by=bob)
    assert Usage.of(bob) == 0
    assert Activity.objects.filter(verb=Verb.FILE_ERASED).count() == 1


def test_what_nobody_can_restore_any_more_can_be_deleted(removed, bob):
    age(removed)
    assert removed.erase(by=bob)


def test_removing_from_the_page_leads_back_to_it(plan, bob, sign_in):
    page = sign_in(bob).post(reverse("todos:attachment_trash", args=[plan.pk]), {"next": URL}, follow=True)
    assert page.redirect_chain == [(URL, 302)]
    assert "Delete permanently" in page.text
