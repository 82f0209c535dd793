from collections.abc import Iterable

from django import template
from django.contrib.messages.storage.base import Message

from todos.web import toasts as messages

register = template.Library()


@register.filter
def toasts(stored: Iterable[Message] | None) -> list[messages.Toast]:
    """Return the pending messages as toasts: objects with text, level, undo_url, fields."""
    return messages.toasts(stored or [])
