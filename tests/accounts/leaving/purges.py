"""Asking for a person's purge and deciding about it, for the tests that do."""

from accounts.leaving import purging
from accounts.models import PurgeRequest
from workflows.models import Run

REQUESTS = "/admin/accounts/purgerequest/"
REASON = {"reason": "left the company"}


def ask(bob, staff) -> PurgeRequest:
    return purging.ask(bob, by=staff, reason="left the company")


def state(request: PurgeRequest) -> tuple[str, str]:
    request.refresh_from_db()
    return request.status, Run.objects.get(pk=request.run_id).status


def decide(client, request: PurgeRequest, decision: str, **kwargs):
    return client.post(f"{REQUESTS}{request.pk}/decide/", {decision: "yes"}, **kwargs)
