"""Sessions in the database, which Django leaves there when they are over."""

from datetime import datetime

from django.contrib.sessions.models import Session


def clear(before: datetime, *, limit: int) -> int:
    """Delete up to `limit` sessions that were over by then; return how many."""
    over = Session.objects.filter(expire_date__lt=before).order_by("expire_date")
    keys = list(over.values_list("pk", flat=True)[:limit])
    return Session.objects.filter(pk__in=keys).delete()[0]
