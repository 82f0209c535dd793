from allauth.account import views as allauth
from django.urls import include, path, re_path

from accounts import limits
from accounts.audit import views as audit
from accounts.invitations import views as invitations
from accounts.leaving import views as leaving
from accounts.sessions import views as sessions
from accounts.sessions.fresh import fresh_session_required
from accounts.settings import views as settings
from accounts.settings.email import views as email
from accounts.signing_in import views as signing_in

_change_password = limits.guard("password_change")(allauth.password_change)

# The part of allauth that Holdfast has: no sign-in codes, no managing of addresses; sign-up shows that it is closed.
urlpatterns = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("signup/", allauth.signup, name="account_signup"),
    path("inactive/", signing_in.inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("continue/", sessions.continue_page, name="account_continue"),
    path("password/change/", fresh_session_required(_change_password), name="account_change_password"),
    path("password/set/", fresh_session_required(allauth.password_set), name="account_set_password"),
    path("password/reset/", allauth.password_reset, name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        limits.guard("password_reset_key")(allauth.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", allauth.confirm_email, name="account_confirm_email"),
    path("invitations/<str:token>/", invitations.invitation, name="account_invitation"),
    path("factors/", include("accounts.factors.urls")),
    path("sessions/", sessions.sessions_page, name="account_sessions"),
    path("sessions/end-others/", sessions.end_other_sessions, name="account_end_other_sessions"),
    path("sessions/<slug:number>/end/", sessions.end_session, name="account_end_session"),
    path("settings/", settings.settings_page, name="account_settings"),
    path("address/", email.change_email, name="account_change_email"),
    path("address/confirm/<str:key>/", email.confirm_email, name="account_change_email_confirm"),
    path("export/", leaving.export, name="account_export"),
    path("export/<uuid:key>/", leaving.export_file, name="account_export_file"),
    path("delete/", leaving.delete_account, name="account_delete"),
    path("delete/cancel/", leaving.cancel_deletion, name="account_delete_cancel"),
    path("activity/", audit.activity, name="account_activity"),
    path("theme/", settings.choose_theme, name="account_theme"),
]
