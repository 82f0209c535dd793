"""Whose upload is whose: until it is attached to something, it is its owner's alone."""

from uuid import UUID

from django.http import Http404

from accounts.models import User
from uploads.models import Upload


def own_upload(user: User, pk: UUID) -> Upload:
    found = Upload.objects.of(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
