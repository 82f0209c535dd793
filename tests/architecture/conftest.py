import pytest
from django.core.files.base import ContentFile

from todos.models import BulkAdd


@pytest.fixture
def objects(flat, tiles, bob, alice) -> dict[tuple[str, str], object]:
    """What stands for a parameter: first part of the path, name. A new kind of address names its object here."""
    return {
        ("lists", "pk"): flat.pk,
        ("lists", "member_pk"): flat.memberships.get(user=bob).pk,
        ("todos", "pk"): tiles.pk,
        ("bulk-adds", "list_pk"): flat.pk,
        ("bulk-adds", "pk"): BulkAdd.create(flat, ContentFile(b"Buy grout"), by=alice).pk,
    }
