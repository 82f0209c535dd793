import pytest
from django.core.files.base import ContentFile
from django.test import Client

from accounts.invitations import make_link
from accounts.models import DataExport, Session, User
from tests.passkeys import make_passkey
from tests.todos.attachments.files import arrived, attach, picture
from todos.models import BulkAdd
from todos.people.grants import place_in
from uploads.models import Upload
from uploads.targets import Target
from workflows.models import QueueState


@pytest.fixture(autouse=True)
def whole_answers(monkeypatch):
    """Read what is streamed, as nobody does here who asks: then it closes its files."""
    request = Client.request

    def reading(self, **asked):
        response = request(self, **asked)
        if response.streaming:
            b"".join(response)
        return response

    monkeypatch.setattr(Client, "request", reading)


@pytest.fixture
def objects(flat, tiles, bob, alice) -> dict[tuple[str, str], object]:
    """What stands for a parameter: first part of the path, name. A new kind of address names its object here."""
    plan = attach(tiles, by=alice)
    QueueState.objects.get_or_create(pk="mail")
    return {
        ("lists", "pk"): flat.pk,
        ("lists", "invitation_pk"): make_link(by=alice, grant=place_in(flat, role="editor")).pk,
        ("lists", "member_pk"): flat.memberships.get(user=bob).pk,
        ("todos", "pk"): tiles.pk,
        ("bulk-adds", "list_pk"): flat.pk,
        ("bulk-adds", "pk"): BulkAdd.create(flat, ContentFile(b"Buy grout"), by=alice).pk,
        ("todos", "upload_pk"): arrived(tiles, picture(), by=alice).pk,
        ("attachments", "pk"): plan.pk,
        ("uploads", "pk"): Upload.create(
            name="tiles.png", size=73, type="image/png", target=Target("todo", str(tiles.pk)), by=alice
        ).pk,
        ("accounts", "key"): DataExport.objects.create(person=alice).pk,
        ("accounts", "number"): sessions_of(alice)[0].number,
        ("accounts", "pk"): make_passkey(alice).pk,
    }


def sessions_of(person: User) -> list[Session]:
    Client().force_login(person)
    return Session.objects.alive(person)
