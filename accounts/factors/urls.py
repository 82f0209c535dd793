"""The part of allauth.mfa that Holdfast uses. Pages that show or change factors need a fresh session."""

from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path, reverse_lazy

from accounts import limits
from accounts.factors import views as views
from accounts.sessions.fresh import fresh_session_required as fresh

_INDEX = reverse_lazy("mfa_index")

urlpatterns = [
    path("", fresh(views.IndexView.as_view()), name="mfa_index"),
    path("authenticate/", base.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", base.reauthenticate, name="mfa_reauthenticate"),
    path("totp/activate/", fresh(views.ActivateTOTPView.as_view()), name="mfa_activate_totp"),
    path("totp/deactivate/", fresh(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", fresh(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", fresh(recovery_codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("passkeys/add/", fresh(views.AddPasskeyView.as_view()), name="mfa_add_webauthn"),
    path(
        "passkeys/<int:pk>/rename/",
        fresh(webauthn.EditWebAuthnView.as_view(success_url=_INDEX)),
        name="mfa_edit_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        fresh(webauthn.RemoveWebAuthnView.as_view(success_url=_INDEX)),
        name="mfa_remove_webauthn",
    ),
    path("passkeys/login/", limits.guard("passkey")(views.PasskeyLoginView.as_view()), name="mfa_login_webauthn"),
    path(
        "passkeys/reauthenticate/",
        limits.guard("passkey")(views.PasskeyReauthenticateView.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
]
