from django.db import models

from todos.refusals import Gone


class Lockable(models.Model):
    """A row whose verbs compare what is stored now, not what the caller read before, with what is to be."""

    class Meta:
        abstract = True

    def lock(self) -> None:
        """Lock the row until the transaction ends and take over its stored values; raise Gone if it was deleted.

        On SQLite a transaction is the only writer from its beginning, so that reading there is as good as locking.
        """
        # no_key: an insert that only refers to this row must not wait for it, or a to-do's verb writing its Activity
        # would wait for a list whose mover waits for that to-do.
        rows = self._meta.default_manager
        assert rows is not None
        fresh = rows.select_for_update(no_key=True).filter(pk=self.pk).first()
        if fresh is None:
            raise Gone
        for field in self._meta.concrete_fields:
            setattr(self, field.attname, getattr(fresh, field.attname))
