"""Settings of Holdfast: everything that differs between machines comes from the environment (see README.md)."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from project.lib import databases, env, logs, s3

django_stubs_ext.monkeypatch()  # ModelForm[Todo] is for the type checker; Django itself has no such classes

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.boolean("DEBUG", default=False)
DATA_DIR = env.data_dir(Path(env.text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().absolute())
SECRET_KEY = env.secret_key(DATA_DIR)

# --- Addresses ---------------------------------------------------------------------------------------------------

HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", default=8000, low=1, high=65535)
_public = env.public_url(f"http://localhost:{PORT}")
PUBLIC_URL = _public.geturl()
HTTPS = _public.scheme == "https"
_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*{_public.hostname or "": None, **({} if HTTPS else dict.fromkeys(_LOOPBACK))}]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_SSL_HOST = _public.netloc if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
# HSTS covers only this host: we cannot speak for whatever else its domain serves.
# W001 calls our counter store unsupported, as it does Redis through Django; its E003 refuses stores that lose counts.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "django_ratelimit.W001"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
# Which proxies are trusted to name the client, and in which header; from anyone else the header is ignored.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
CLIENT_IP_HEADER = env.header("CLIENT_IP_HEADER", default="X-Forwarded-For", needed_with=TRUSTED_PROXIES)

ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"

# --- Parts -------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django_q",  # before workflows, which replaces its admin
    "project.apps.ProjectConfig",
    "todos",
    "uploads",
    "accounts",
    "workflows",
    "project.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_ratelimit",
]
MIDDLEWARE = [
    "project.middleware.request_context",
    "project.middleware.head",
    "project.health.middleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.response_headers",
    "project.middleware.body_limit",  # above everything that reads a body
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "project.middleware.htmx",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.middleware.member_context",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.web.context.member",
                "todos.web.context.sidebar",
            ]
        },
    }
]

# --- Data --------------------------------------------------------------------------------------------------------

DATABASES = databases.rows(DATA_DIR, web="project.wsgi" in sys.modules)  # only web processes load that module
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DOORBELL_URL = env.redis_url()  # where workers hear that work is due; if empty, from the database itself
CACHES = databases.caches(DATA_DIR, redis_url=DOORBELL_URL)

S3 = s3.bucket()
LOCAL_FILES: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": str(DATA_DIR / "files"),
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    },
}
STORAGES = {
    # Private: nothing in it has a URL; views check who may read a file and send it.
    "default": S3.private_storage() if S3 else LOCAL_FILES,
    "staticfiles": {"BACKEND": "project.staticfiles.HashedStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "project" / "static"]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # the names that templates use; compressing the others too would take seconds
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- Uploads -----------------------------------------------------------------------------------------------------

UPLOAD_STORE = "uploads.stores.s3.S3Store" if S3 else "uploads.stores.local.LocalStore"
UPLOAD_FOLDER = DATA_DIR / "files" / "uploads"
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", default=10 * 1024 * 1024, low=1024, high=100 * 1024 * 1024)
UPLOAD_QUOTA_BYTES = env.integer("UPLOAD_QUOTA_BYTES", default=1024**3, low=1024, high=99_999_999_999)

# --- People ------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.MemberBackend"]  # keep this the only one: it is what enforces bans
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUDIT_KEEP = timedelta(days=365)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "todos:lists"
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = 7 * 24 * 3600  # with "keep me signed in"; without it the session ends with the browser
CSRF_FAILURE_VIEW = "project.errors.csrf_failure"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
ACCOUNT_ADAPTER = "accounts.signing_in.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # otherwise anyone could have mail sent to any address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None  # the member decides
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {"reset_password": "accounts.signing_in.resetting.ResetForm"}
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # allauth answers with a form error instead of a 429; ours:

# Limits: how many tries in how much time (s, m, h), and counted by what; see accounts/limits/counting.py.
RATE_LIMITS = {
    "sign_in": [("3/10s", "account and address"), ("30/1m", "address")],
    "sign_in_failure": [("5/5m", "account and address"), ("30/1h", "account")],
    "reauthentication": [("10/5m", "actor")],
    "codes": [("5/5m", "account and address"), ("30/1h", "account")],
    "passkey": [("30/1m", "address")],
    "password_reset": [("5/1h", "account and address"), ("10/1h", "account"), ("30/1h", "address")],
    "password_reset_key": [("20/5m", "actor")],
    "password_change": [("5/5m", "actor")],
    "invitation": [("20/5m", "actor")],
    "invited_address": [("5/1h", "account")],
    "new_address": [("10/1h", "actor")],
    "own_data": [("10/1h", "actor")],
    "add_member": [("30/5m", "actor")],
    "bulk_add": [("20/5m", "actor")],
    "bulk_add_report": [("30/5m", "actor")],
    "search": [("120/1m", "actor")],
    "upload": [("60/5m", "actor")],
}
# While the counters cannot be reached, these carry on without a limit, for members; all others are refused.
RATE_LIMITS_OPEN = {"add_member", "bulk_add", "bulk_add_report", "search", "upload"}
MFA_ADAPTER = "accounts.factors.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.factors.forms.AuthenticateForm",
    "reauthenticate": "accounts.factors.forms.ReauthenticateForm",
    "activate_totp": "accounts.factors.forms.ActivateTOTPForm",
    "add_webauthn": "accounts.factors.forms.AddWebAuthnForm",
    "edit_webauthn": "accounts.factors.forms.EditWebAuthnForm",
    "authenticate_webauthn": "accounts.factors.forms.AuthenticateWebAuthnForm",
    "reauthenticate_webauthn": "accounts.factors.forms.ReauthenticateWebAuthnForm",
    "login_webauthn": "accounts.factors.forms.LoginWebAuthnForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Holdfast"
MFA_TOTP_TOLERANCE = 1  # accept the code of the half minute before or after: phones are off by a few seconds
REQUIRE_STAFF_MFA = env.boolean("REQUIRE_STAFF_MFA", default=False)

# --- Mail --------------------------------------------------------------------------------------------------------

MAIL_DIR = DATA_DIR / "mail"
MAILERS = {
    "default": env.mailer({"BACKEND": "project.lib.mail_folder.FolderBackend", "OPTIONS": {"folder": str(MAIL_DIR)}})
}
DEFAULT_FROM_EMAIL = env.sender(f"Holdfast <holdfast@{_public.hostname}>")

# --- Worker (figures and reasons: docs/architecture.md) ----------------------------------------------------------

Q_CLUSTER = {
    "name": "holdfast",
    "label": _("Background jobs"),
    "broker_class": "workflows.worker.dispatch.DueWork",
    "workers": 2,
    "cache": "nowhere",
    "timeout": 30,  # seconds, for jobs that are not the engine's; there are none
    "retry": 60,  # seconds; never used, our broker keeps no jobs
    "queue_limit": 2,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,  # any other value costs a query per kept row and job
    "scheduler": False,
}

WORKFLOWS_KEEP = timedelta(days=30)  # how long finished runs, done messages, firings and audit lines are kept
METRICS_TOKEN = env.text("METRICS_TOKEN")  # gives access to /metrics; without one only staff have it

# --- Requests ----------------------------------------------------------------------------------------------------

# Bytes allowed in a request's body, by the longest matching path prefix; * matches one part of a path.
BODY_LIMITS = {
    "/": 1024 * 1024,
    "/accounts/": 64 * 1024,
    # Accepts 20 MB; anything beyond is read and dropped, because a browser that is cut off would not show the reason.
    "/bulk-adds/new/": 128 * 1024 * 1024,
    # A file that is slightly too large gets the store's answer instead of an error page.
    "/uploads/*/bytes/": UPLOAD_MAX_BYTES + 1024 * 1024,
    "/todos/*/attachments/": max(64 * 1024 * 1024, UPLOAD_MAX_BYTES + 1024 * 1024),  # plain forms, with several files
}
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMITS["/"]  # larger bodies are streamed
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
    **(S3.policy() if S3 else {}),
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Language and time -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "project" / "locale"]
FORMAT_MODULE_PATH = "project.formats"
TIME_ZONE = "UTC"
USE_TZ = True

# --- Logging -----------------------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", default="console", options=("console", "json"))
LOGGING = logs.configuration(LOG_FORMAT)
