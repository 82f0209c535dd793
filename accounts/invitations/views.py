"""The page behind an invitation's link: name and password for a new person, one button for a member."""

from collections.abc import Callable
from functools import wraps

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import limits
from accounts.invitations import verbs
from accounts.invitations.forms import AcceptForm
from accounts.invitations.verbs import Accepted
from accounts.models import Invitation, User

LANDING = "invitation_landing"  # in the session: where a person who has accepted goes on


def unseen(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep the token in the address out of caches and of what browsers tell about where they come from."""

    @wraps(view)
    def wrapper(request: HttpRequest, *, token: str) -> HttpResponse:
        response = view(request, token=token)
        response["Cache-Control"] = "no-store, private"
        # Not "no-referrer": forms would then send "Origin: null", which is refused.
        response["Referrer-Policy"] = "strict-origin"
        return response

    return wrapper


@unseen
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, *, token: str) -> HttpResponse:
    tries = limits.check("invitation", request) if request.method == "POST" else []
    found = Invitation.objects.of_token(token)
    member = request.user if isinstance(request.user, User) else None
    if found and member and found.uses.filter(person=member).exists():
        return redirect(request.session.pop(LANDING, "") or resolve_url(settings.LOGIN_REDIRECT_URL))
    if not found or not found.is_open:
        return _over(request, found)
    try:
        if request.method == "POST":
            return _as_member(request, found, member) if member else _as_new(request, found, tries=tries)
    except verbs.Over:
        return _over(request, found)
    return _page(request, found, member=member)


def _page(
    request: HttpRequest, found: Invitation, *, member: User | None = None, form: AcceptForm | None = None
) -> HttpResponse:
    verbs.describe([found])
    context = {
        "invitation": found,
        "for_member": member and verbs.is_for(found, member),
        "known": not member and found.email and verbs.has_account(found.email),
        "form": form or AcceptForm(invitation=found),
    }
    return render(request, "accounts/invitations/invitation.html", context, status=422 if form else 200)


def _over(request: HttpRequest, found: Invitation | None) -> HttpResponse:
    inviter = found.made_by if found else None
    context = {"inviter": inviter if inviter and inviter.may_sign_in() else None}
    return render(request, "accounts/invitations/invitation_over.html", context, status=410 if found else 404)


def _as_member(request: HttpRequest, found: Invitation, member: User) -> HttpResponse:
    if not verbs.is_for(found, member):
        raise PermissionDenied(_("This invitation is for someone else."))
    accepted = verbs.accept_as_member(found, person=member)
    _tell(request, found, accepted)
    return redirect(accepted.url or settings.LOGIN_REDIRECT_URL)


def _as_new(request: HttpRequest, found: Invitation, *, tries: list[str]) -> HttpResponse:
    """Make the account and sign in, and come back to this page, which knows where to go on.

    Where the address has an account already, the answer is the same; the page then finds nobody signed in.
    """
    form = AcceptForm(request.POST, invitation=found)
    if not form.is_valid():
        return _page(request, found, form=form)
    limits.check("invited_address", request, account=form.cleaned_data["email"])  # may have a mail sent to it
    accepted = verbs.accept_as_new(found, **form.cleaned_data)
    if accepted is None:
        messages.info(
            request, _("If you already have an account with this address, sign in first. Check your email as well.")
        )
        return redirect(request.path)
    limits.give_back(tries)  # a whole office may come by one address
    login = Login(user=accepted.person, redirect_url=request.path, email=accepted.person.email)
    response: HttpResponse = perform_password_login(request, {"email": accepted.person.email}, login)
    request.session.set_expiry(0)  # nobody asked to be kept signed in
    request.session[LANDING] = accepted.url
    _tell(request, found, accepted)
    return response


def _tell(request: HttpRequest, found: Invitation, accepted: Accepted) -> None:
    if accepted.missing:
        text = _(
            "This invitation was for something that no longer exists, or that %(name)s can no longer share. "
            "Ask them about it."
        )
        messages.warning(request, text % {"name": found.made_by})
