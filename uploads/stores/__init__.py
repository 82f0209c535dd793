"""Where files are stored: on the local disk, or in S3 and compatible stores."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from uploads.stores.base import Store


def store() -> Store:
    """Return the configured store; one for each class and process, as clients of stores hold connections."""
    return _made(settings.UPLOAD_STORE)


@cache
def _made(name: str) -> Store:
    made: Store = import_string(name)()
    return made
