from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Counter(models.Model):
    """How often something happened in the workers of all machines: since EVER, and in each minute of the last day."""

    name = models.CharField(_("name"), max_length=60)
    label = models.CharField(_("workflow or queue"), max_length=100, blank=True)
    minute_at = models.DateTimeField(_("minute"))
    value = models.BigIntegerField(_("value"))

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        # Led by the minute: what is read is one minute's worth (EVER) or a range.
        constraints = [models.UniqueConstraint(fields=["minute_at", "name", "label"], name="counter_unique")]

    def __str__(self) -> str:
        return f"{self.name} {self.label} {self.value}"
