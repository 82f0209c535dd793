"""The files that the application makes itself, in the bucket."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from project.errors import is_outage

pytestmark = [pytest.mark.usefixtures("s3"), pytest.mark.django_db]


@pytest.mark.slow
def test_private_files_lie_beside_those_of_members(s3):
    assert default_storage.save("exports/1.zip", ContentFile(b"first")) == "exports/1.zip"
    (there,) = s3.client().list_objects_v2(Bucket="holdfast")["Contents"]
    assert there["Key"] == "private/exports/1.zip"
    assert default_storage.listdir("exports") == ([], ["1.zip"])
    default_storage.delete("exports/1.zip")
    assert not default_storage.exists("exports/1.zip")
    with pytest.raises(FileNotFoundError):
        default_storage.open("exports/1.zip")


def test_nothing_is_overwritten():
    default_storage.save("exports/1.zip", ContentFile(b"first"))
    other = default_storage.save("exports/1.zip", ContentFile(b"second"))
    assert other != "exports/1.zip"
    with default_storage.open("exports/1.zip") as file:
        assert file.read() == b"first"


def test_a_large_file_is_written_and_read_through_the_disk():
    body = bytes(range(256)) * 80_000  # 20 MB, three parts
    default_storage.save("bulk-adds/1.txt", ContentFile(body))
    with default_storage.open("bulk-adds/1.txt") as file:
        assert file.read() == body
        assert file._file._rolled


def test_an_outage_is_told(settings, s3):
    assert Client().get("/readyz").json()["parts"]["storage"] == "ok"
    settings.S3 = elsewhere = s3.bucket(endpoint="http://127.0.0.1:1")
    settings.STORAGES = settings.STORAGES | {"default": elsewhere.private_storage()}
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["storage"] == "failed"
    with pytest.raises(Exception, match="Could not connect") as failed:
        default_storage.save("exports/1.zip", ContentFile(b"first"))
    assert is_outage(failed.value)
