from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, limits
from accounts.models import Invitation, User
from accounts.web.redirects import next_path
from accounts.web.requests import MemberRequest
from todos.members.forms import LinkForm, MemberForm, RoleForm
from todos.models import Membership, Role
from todos.people.grants import describe_roles, invitations_to, place_in
from todos.web import access
from todos.web.access import signed_in
from todos.web.attempting import attempt
from todos.web.toasts import refuse, toast


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@limits.guard("add_member")
def members(request: MemberRequest, pk: int) -> HttpResponse:
    if request.method != "POST":
        return members_page(request, access.readable_list(request.user, pk))
    membership, form = access.owned_list(request.user, pk), MemberForm(request.POST)
    if not form.is_valid():
        return members_page(request, membership, form=form)
    return _add(request, pk, person=form.person, form=form) if form.person else _invite(request, pk, form=form)


def members_page(
    request: MemberRequest,
    membership: Membership,
    *,
    form: MemberForm | None = None,
    link_form: LinkForm | None = None,
    made: Invitation | None = None,
) -> HttpResponse:
    """Return the page with forms that have errors, or with the new link, which is shown only this once."""
    open_ones = invitations_to(membership.list_id).open().select_related("made_by")
    context = {
        "list": membership.list,
        "memberships": membership.list.memberships.for_members_page(),
        "is_owner": membership.is_owner,
        "form": form or MemberForm(),
        "link_form": link_form or LinkForm(auto_id="link-%s"),
        "invitations": describe_roles(open_ones) if membership.is_owner else [],
        "made": made,
        "roles": Role.choices,
    }
    return render(request, "todos/members/members.html", context, status=422 if form or link_form else 200)


@require_POST
@signed_in
def role(request: MemberRequest, pk: int, member_pk: int) -> HttpResponse:
    with access.holding(access.owned_list, request.user, pk) as owned:
        membership = access.member_of(owned, pk=member_pk)
        form = RoleForm(request.POST)
        if not form.is_valid():
            refuse(request, _("Choose owner, editor or reader."))
            return _back(request, pk)
        changed = attempt(request, lambda: membership.change_role(form.cleaned_data["role"], by=request.user))
    if changed:
        names = {"name": membership.user.display_name, "role": membership.get_role_display()}
        toast(request, _("%(name)s's role is now: %(role)s.") % names)
    return _back(request, pk)


@require_POST
@signed_in
def remove(request: MemberRequest, pk: int, member_pk: int) -> HttpResponse:
    with access.holding(access.owned_list, request.user, pk) as owned:
        membership = access.member_of(owned, pk=member_pk)
        removed = attempt(request, lambda: membership.remove(by=request.user))
    if removed:
        toast(request, _("%(name)s is no longer a member.") % {"name": membership.user.display_name})
        if membership.user == request.user:
            return redirect("todos:lists")
    return _back(request, pk)


@require_POST
@signed_in
def leave(request: MemberRequest, pk: int) -> HttpResponse:
    membership = access.readable_list(request.user, pk)
    if attempt(request, lambda: membership.remove(by=request.user)):
        toast(request, _("You left “%(name)s”.") % {"name": membership.list.name})
        return redirect("todos:lists")
    return _back(request, pk)


def _add(request: MemberRequest, pk: int, *, person: User, form: MemberForm) -> HttpResponse:
    with access.holding(access.owned_list, request.user, pk) as owned:
        added = owned.list.add_member(person, role=form.cleaned_data["role"], by=request.user)
    names = {"name": person.display_name}
    if added:
        toast(request, _("%(name)s is now a member.") % names)
    else:
        refuse(request, _("%(name)s is already a member. Their role was not changed.") % names)
    return _back(request, pk)


def _invite(request: MemberRequest, pk: int, *, form: MemberForm) -> HttpResponse:
    values = form.cleaned_data
    with access.holding(access.owned_list, request.user, pk) as owned:
        place = place_in(owned.list, role=values["role"])
        invitations.invite(values["email"], by=request.user, lasts=values["days"], grant=place)
    toast(request, _("An invitation is on its way to %(email)s.") % {"email": values["email"]})
    return _back(request, pk)


def _back(request: MemberRequest, pk: int) -> HttpResponse:
    return HttpResponseRedirect(next_path(request, default=reverse("todos:members", args=[pk])))
