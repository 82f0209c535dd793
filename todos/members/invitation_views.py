from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import invitations, limits
from accounts.web.requests import MemberRequest
from todos.members.access import held_invitation
from todos.members.forms import LinkForm
from todos.members.views import members_page
from todos.people.grants import place_in
from todos.web import access
from todos.web.access import signed_in
from todos.web.toasts import refuse, toast


@require_POST
@signed_in
@limits.guard("add_member")
def make_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer with the link itself: a redirect's address or the session would leave it behind."""
    membership, form = access.owned_list(request.user, pk), LinkForm(request.POST, auto_id="link-%s")
    if not form.is_valid():
        return members_page(request, membership, link_form=form)
    values = form.cleaned_data
    with access.holding(access.owned_list, request.user, pk) as owned:
        place = place_in(owned.list, role=values["role"])
        made = invitations.make_link(by=request.user, uses=values["uses"], lasts=values["days"], grant=place)
    return members_page(request, membership, made=made)


@require_POST
@signed_in
@limits.guard("add_member")
def renew(request: MemberRequest, pk: int, invitation_pk: int) -> HttpResponse:
    with held_invitation(request.user, pk, pk=invitation_pk) as invitation:
        renewed = invitations.renew(invitation, by=request.user)
    if not renewed:
        refuse(request, _("This invitation has ended. Create a new one."))
    elif invitation.link:
        return members_page(request, access.owned_list(request.user, pk), made=invitation)
    else:
        toast(request, _("A new link is on its way to %(email)s.") % {"email": invitation.email})
    return redirect("todos:members", pk)


@require_POST
@signed_in
def revoke(request: MemberRequest, pk: int, invitation_pk: int) -> HttpResponse:
    with held_invitation(request.user, pk, pk=invitation_pk) as invitation:
        revoked = invitations.revoke(invitation, by=request.user)
    if revoked:
        toast(request, _("The invitation no longer works."))
    return redirect("todos:members", pk)
