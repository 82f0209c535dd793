"""Refuse settings that are unsafe or contradict each other."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's names

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@register
def check_debug(**_kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows settings and source code to anyone who runs into an error, so it is only for your own machine."""
    public_host = urlsplit(settings.PUBLIC_URL).hostname
    if settings.DEBUG and not (settings.HOST in LOOPBACK and public_host in LOOPBACK):
        return [
            Error(
                "DEBUG=1 shows secrets to every visitor. Turn it off, or unset HOST and PUBLIC_URL.", id="project.E001"
            )
        ]
    return []


@register
def check_backends(**_kwargs: Any) -> list[CheckMessage]:
    if settings.AUTHENTICATION_BACKENDS != ["accounts.backends.MemberBackend"]:
        return [
            Error(
                "Another authentication backend would let banned people in; keep only accounts.backends.MemberBackend.",
                id="project.E002",
            )
        ]
    return []


@register
def check_secret_key(**_kwargs: Any) -> list[CheckMessage]:
    if len(settings.SECRET_KEY) < 50:
        return [
            Error(
                "SECRET_KEY is shorter than 50 characters: make one with `openssl rand -base64 48`, "
                "or unset it, and one will be made and kept in DATA_DIR.",
                id="project.E003",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_url(**_kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return [Warning("PUBLIC_URL is http: passwords cross the network unencrypted. Use https.", id="project.W001")]
    return []


@register
def check_bucket(**_kwargs: Any) -> list[CheckMessage]:
    """On an https page, browsers send nothing to a bucket that uses http, unless it is on their own machine."""
    bucket = settings.S3
    parts = urlsplit(bucket.endpoint if bucket else "")
    if settings.HTTPS and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return [
            Error(
                "PUBLIC_URL is https but S3_ENDPOINT_URL is http, which browsers refuse. Use https for both.",
                id="project.E004",
            )
        ]
    return []
