"""A new person's first completed to-do ends their onboarding."""

from collections.abc import Sequence

from accounts.invitations import onboarding
from accounts.models import User
from todos import changes
from todos.models import Activity, Verb


def _is_new(activity: Activity) -> bool:
    return activity.actor is not None and activity.actor.onboarding_at is not None


@changes.subscriber("onboarding", verbs={Verb.COMPLETED}, when=_is_new)
def end_onboarding(activities: Sequence[Activity]) -> None:
    for activity in activities:
        if activity.actor:
            onboarding.note_completion(activity.actor)


def has_begun(person: User) -> bool:
    return Activity.objects.filter(actor=person, verb=Verb.COMPLETED).exists()
