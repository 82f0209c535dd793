from allauth.account import views as allauth
from django.urls import include, path, re_path

from accounts import account_views, invitation_page, limits, session_views, views
from accounts.fresh import fresh_session_required

_change_password = limits.guard("password_change")(allauth.password_change)

# The part of allauth that Holdfast has: no sign-in codes, no managing of addresses; sign-up shows that it is closed.
urlpatterns = [
    path("login/", allauth.login, name="account_login"),
    path("logout/", allauth.logout, name="account_logout"),
    path("signup/", allauth.signup, name="account_signup"),
    path("inactive/", views.inactive, name="account_inactive"),
    path("reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("continue/", session_views.continue_page, name="account_continue"),
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
    path("invitations/<str:token>/", invitation_page.invitation, name="account_invitation"),
    path("factors/", include("accounts.factor_urls")),
    path("sessions/", session_views.sessions_page, name="account_sessions"),
    path("sessions/end-others/", session_views.end_other_sessions, name="account_end_other_sessions"),
    path("sessions/<slug:number>/end/", session_views.end_session, name="account_end_session"),
    path("settings/", views.settings_page, name="account_settings"),
    path("address/", account_views.change_email, name="account_change_email"),
    path("address/confirm/<str:key>/", account_views.confirm_email, name="account_change_email_confirm"),
    path("export/", account_views.export, name="account_export"),
    path("export/<uuid:key>/", account_views.export_file, name="account_export_file"),
    path("delete/", account_views.delete_account, name="account_delete"),
    path("delete/cancel/", account_views.cancel_deletion, name="account_delete_cancel"),
    path("activity/", views.activity, name="account_activity"),
    path("theme/", views.choose_theme, name="account_theme"),
]
