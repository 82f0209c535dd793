from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from project.lib.locking import lock
from todos.refusals import Gone


class Lockable(models.Model):
    """A row whose verbs compare what is stored now, not what the caller read before, with what is to be."""

    class Meta:
        abstract = True

    def lock(self) -> None:
        """Lock the row until the transaction ends and take over its stored values; raise Gone if it was deleted."""
        # no_key: an insert that only refers to this row must not wait for it, or a to-do's verb writing its Activity
        # would wait for a list whose mover waits for that to-do.
        try:
            lock(self, no_key=True)
        except ObjectDoesNotExist:
            raise Gone from None
