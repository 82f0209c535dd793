"""The console: what the engine does, and the verbs by which an operator steers it. Rows are never edited."""

from django.contrib import admin
from django_q.models import Failure, Schedule, Success

from workflows.admin import audit, messages, queues, runs, schedules, workers

# django-q2's own pages let staff run any function by its name, and there is nothing to see: its jobs carry nothing.
for model in (Failure, Schedule, Success):
    admin.site.unregister(model)

__all__ = ["audit", "messages", "queues", "runs", "schedules", "workers"]
