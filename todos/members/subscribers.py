"""A list that is shared: its new members are told by mail."""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.mail import send_mail
from todos import changes
from todos.models import Activity, Membership, Role, Verb

ADDED_TO_LIST = "added_to_list"  # a kind of mail that a person can do without


def _tells(activity: Activity) -> bool:
    return "tell" not in activity.changes  # `add_member` leaves it out unless nobody is to be told


@changes.subscriber("added-to-list", verbs={Verb.MEMBER_ADDED}, when=_tells)
def tell_new_members(activities: Sequence[Activity]) -> None:
    """Mail each person who is still in the list and wants to know; once, however often this is called."""
    for activity in activities:
        members = Membership.objects.filter(list=activity.list_id, list__trashed_at=None).select_related("user")
        member = members.filter(user=activity.changes["user"][1]).first()
        if member and member.user.wants(ADDED_TO_LIST):
            context = {
                "list": activity.list,
                "by": activity.actor.display_name if activity.actor else _("Someone"),
                "role": Role(activity.changes["role"][1]).label,
                "url": f"{settings.PUBLIC_URL}{activity.list.get_absolute_url()}",
            }
            key = f"added-to-list {activity.pk}"
            send_mail("todos/members/mail/added_to_list", to=member.user, context=context, key=key)
