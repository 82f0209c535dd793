from typing import Any

from django import template

from accounts.admin.purges import may_see_requests
from accounts.models import PurgeRequest

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_purges(context: dict[str, Any]) -> int:
    """Return how many purge requests wait for a decision; 0 for those who may not see them."""
    return PurgeRequest.objects.waiting().count() if may_see_requests(context["request"]) else 0
