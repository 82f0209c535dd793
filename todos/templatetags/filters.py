from typing import Any

from django import template

from todos.lists.filters import Filters

register = template.Library()


@register.simple_tag
def filter_url(filters: Filters, **changes: Any) -> str:
    """Return the query of the list page with these filters and `changes`: {% filter_url filters status="all" %}."""
    return filters.query(**changes)
