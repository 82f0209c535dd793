from typing import ClassVar

from django.db import models


class Line(models.Model):
    """What a step did, in the database's transaction: the ledger that a storm is judged by."""

    run = models.CharField(max_length=100)
    what = models.CharField(max_length=40)
    fence = models.PositiveIntegerField(default=0)
    began_at = models.FloatField(default=0, help_text="Seconds of the epoch.")
    ended_at = models.FloatField(null=True)

    objects: ClassVar[models.Manager["Line"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.run} {self.what}"
