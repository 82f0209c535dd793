from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import limits
from accounts.redirects import next_path
from todos import access
from todos.access import MemberRequest, signed_in
from todos.forms import MemberForm, RoleForm
from todos.models import Role
from todos.responses import attempt
from todos.toasts import refuse, toast


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@limits.guard("add_member")
def members(request: MemberRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        membership, form = access.owned_list(request.user, pk), MemberForm(request.POST)
        if form.is_valid():
            return _add(request, pk, form=form)
    else:
        membership, form = access.readable_list(request.user, pk), MemberForm()
    context = {
        "list": membership.list,
        "memberships": membership.list.memberships.for_members_page(),
        "is_owner": membership.is_owner,
        "form": form,
        "roles": Role.choices,
    }
    return render(request, "todos/members.html", context, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def role(request: MemberRequest, pk: int, member_pk: int) -> HttpResponse:
    with access.held(pk):
        membership = access.membership_of_owned_list(request.user, pk, member_pk=member_pk)
        form = RoleForm(request.POST)
        if not form.is_valid():
            refuse(request, _("Choose owner, editor or reader."))
            return _back(request, pk)
        changed = attempt(request, lambda: membership.change_role(form.cleaned_data["role"], by=request.user))
    if changed:
        names = {"name": membership.user.display_name, "role": membership.get_role_display()}
        toast(request, _("%(name)s is now: %(role)s.") % names)
    return _back(request, pk)


@require_POST
@signed_in
def remove(request: MemberRequest, pk: int, member_pk: int) -> HttpResponse:
    with access.held(pk):
        membership = access.membership_of_owned_list(request.user, pk, member_pk=member_pk)
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


def _add(request: MemberRequest, pk: int, *, form: MemberForm) -> HttpResponse:
    with access.held(pk):
        todo_list = access.owned_list(request.user, pk).list
        added = todo_list.add_member(form.person, role=form.cleaned_data["role"], by=request.user)
    names = {"name": form.person.display_name}
    if added:
        toast(request, _("%(name)s is now a member, and is told by mail.") % names)
    else:
        refuse(request, _("%(name)s is a member already. Their role stays as it is.") % names)
    return _back(request, pk)


def _back(request: MemberRequest, pk: int) -> HttpResponse:
    return HttpResponseRedirect(next_path(request, default=reverse("todos:members", args=[pk])))
