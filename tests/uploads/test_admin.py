"""Uploads in the operator console."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from tests.uploads.conftest import PNG, keys
from uploads.models import Stray, Upload, Usage
from uploads.stores import store
from workflows.testing import run_until_idle

pytestmark = pytest.mark.django_db

LIST = reverse("admin:uploads_upload_changelist")


@pytest.fixture
def operator(make_user, sign_in):
    olga = make_user("Olga", is_staff=True)
    olga.groups.add(Group.objects.get(name="Operators"))
    return sign_in(olga)


@pytest.fixture
def viewer(make_user, sign_in):
    vera = make_user("Vera", is_staff=True)
    vera.groups.add(Group.objects.get(name="Viewers"))
    return sign_in(vera)


def change_url(upload) -> str:
    return reverse("admin:uploads_upload_change", args=[upload.pk])


def picture_url(upload) -> str:
    return reverse("admin:uploads_upload_picture", args=[upload.pk])


def act(client, action: str, *uploads):
    fields = {"action": action, "_selected_action": [str(upload.pk) for upload in uploads]}
    return client.post(LIST, fields, follow=True)


def recheck(client, *uploads) -> int:
    return act(client, "recheck", *uploads).status_code


def test_the_list_has_totals(make_ready, begin, operator):
    make_ready()
    begin(size=2048)
    page = operator.get(LIST).text
    assert f"1 file ({len(PNG)}\xa0bytes) ready" in page
    assert "1 file (2.0\xa0KB) waiting for upload" in page


def test_the_totals_are_sentences_of_one_and_of_several(make_ready, begin, operator):
    for made in (begin(size=1024), begin(size=1024)):
        Upload.objects.filter(pk=made.pk).update(state="verifying", completed_at=made.created_at)
    assert "2 files (2.0\xa0KB) are being checked" in operator.get(LIST).text


def test_the_list_is_filtered_and_searched(make_ready, begin, operator):
    def listed(query: str) -> int:
        return len(operator.get(LIST + query).context["cl"].result_list)

    make_ready()
    begin(size=2048)
    asked = {"?bytes=small": 2, "?bytes=huge": 0, "?bytes=odd": 2, "?state__exact=ready": 1, "?q=alice": 2, "?q=bob": 0}
    assert {query: listed(query) for query in asked} == asked


def test_the_list_asks_as_much_for_many(begin, operator):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            operator.get(LIST)
        return len(asked)

    begin()
    operator.get(LIST)
    few = queries()
    for _ in range(5):
        begin()
    assert queries() == few


def test_one_is_shown_with_its_reason(arrive, alice, operator):
    upload = arrive(b"<html>")
    upload.complete(by=alice)
    run_until_idle()
    page = operator.get(change_url(upload)).text
    upload.refresh_from_db()
    assert escape(upload.message) in page
    assert upload.run_id in page
    assert picture_url(upload) not in page


def test_operators_see_the_picture_and_viewers_do_not(make_ready, operator, viewer):
    upload = make_ready()
    assert picture_url(upload) in operator.get(change_url(upload)).text
    response = operator.get(picture_url(upload))
    assert response.status_code == 200
    assert b"".join(response.streaming_content)[8:12] == b"WEBP"
    assert picture_url(upload) not in viewer.get(change_url(upload)).text
    assert viewer.get(picture_url(upload)).status_code == 403


def test_checking_again_notes_what_is_found(make_ready, folder, operator):
    whole, changed, lost = (make_ready() for _ in range(3))
    (folder / changed.file).write_bytes(b"<html>")
    store().delete(lost.file)
    assert recheck(operator, whole, changed, lost) == 200
    run_until_idle()
    found = {upload.pk: upload for upload in Upload.objects.all()}
    assert [found[one.pk].finding for one in (whole, changed, lost)] == ["", "changed", "missing"]
    assert all(upload.rechecked_at and upload.state == "ready" for upload in found.values())


def test_pictures_that_were_not_made_are_made_then(make_ready, operator):
    upload = make_ready()
    Upload.objects.update(thumbnails_at=None)
    recheck(operator, upload)
    run_until_idle()
    assert Upload.objects.get().thumbnails_at


def test_viewers_check_nothing_again(make_ready, viewer):
    upload = make_ready()
    recheck(viewer, upload)
    run_until_idle()
    assert Upload.objects.get().rechecked_at is None


def test_what_the_check_again_found_wrong_can_be_deleted(make_ready, operator, shelf):
    whole, lost = make_ready(), make_ready()
    store().delete(lost.file)
    recheck(operator, whole, lost)
    run_until_idle()
    assert "1 file was deleted." in act(operator, "discard", whole, lost).text
    run_until_idle()
    assert keys() == sorted([whole.file, whole.small, whole.large])
    assert Upload.objects.get(pk=lost.pk).state == "deleted"
    assert [(upload, by.name) for upload, by in shelf.told] == [(lost, "Olga")]
    history = operator.get(reverse("admin:uploads_upload_history", args=[lost.pk])).text
    assert "Deleted: Missing in the store" in history
    assert "0 files were deleted." in act(operator, "discard", whole, lost).text


def test_viewers_delete_nothing(make_ready, viewer):
    upload = make_ready()
    Upload.objects.update(finding="missing")
    act(viewer, "discard", upload)
    assert Upload.objects.get().state == "ready"


def test_usage_and_strays_are_shown(make_ready, operator, settings, alice):
    settings.UPLOAD_QUOTA_BYTES = 2 * len(PNG)
    make_ready()
    now = Upload.objects.get().created_at
    Stray.objects.create(kind="object", key="incoming/x", size=5, found_at=now, seen_at=now)
    assert "50%" in operator.get(reverse("admin:uploads_usage_changelist")).text
    assert operator.get(reverse("admin:uploads_usage_change", args=[Usage.objects.get().pk])).status_code == 200
    assert "incoming/x" in operator.get(reverse("admin:uploads_stray_changelist")).text
