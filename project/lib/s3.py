"""The bucket for files if S3_BUCKET is set: reading it from the environment, and what the settings derive from it."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from project.lib import env

NAMES = ("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ADDRESSING")
PRIVATE = "private/"
"""Where in the bucket the default storage keeps its files; those of members are next to it."""


@dataclass(frozen=True)
class Bucket:
    name: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint: str  # scheme, host and perhaps a port
    addressing: str  # "path" or "virtual"

    @property
    def source(self) -> str:
        """Return what a content security policy calls the bucket: in path style one folder of the endpoint."""
        scheme, _, host = self.endpoint.partition("://")
        return f"{scheme}://{self.name}.{host}" if self.addressing == "virtual" else f"{self.endpoint}/{self.name}/"

    def policy(self) -> dict[str, list[str]]:
        """Return what pages are allowed to do with the bucket: send files directly to it, and show its pictures."""
        return {"connect-src": [CSP.SELF, self.source], "img-src": [CSP.SELF, self.source]}

    def client_options(self) -> dict[str, Any]:
        """Return what botocore is told for uploads and private files alike.

        Without the signature version, presigned URLs might not sign the length; the default checksums break R2.
        """
        return {
            "signature_version": "s3v4",
            "s3": {"addressing_style": self.addressing},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "connect_timeout": 2,
            "retries": {"mode": "standard", "total_max_attempts": 2},
        }

    def private_storage(self) -> dict[str, Any]:
        """Return Django's STORAGES entry for the files that the application itself makes."""
        return {
            "BACKEND": "uploads.stores.private.PrivateFiles",
            "OPTIONS": {
                "bucket_name": self.name,
                "region_name": self.region,
                "endpoint_url": self.endpoint,
                "access_key": self.access_key,
                "secret_key": self.secret_key,
                "location": PRIVATE,
                "client_options": self.client_options(),
            },
        }


def bucket() -> Bucket | None:
    """Return the bucket that the S3_* variables describe, or None if none of them is set."""
    given = {name: env.text(name) for name in NAMES}
    if not any(given.values()):
        return None
    for name in ("S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"):
        if not given[name]:
            present = next(name for name in NAMES if given[name])
            raise ImproperlyConfigured(f"{present} is set but {name} is not; the bucket and both keys are needed.")
    region, endpoint = _place(given["S3_REGION"], given["S3_ENDPOINT_URL"])
    addressing = env.choice(
        "S3_ADDRESSING", default="path" if given["S3_ENDPOINT_URL"] else "virtual", options=("path", "virtual")
    )
    name = given["S3_BUCKET"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise ImproperlyConfigured(f"S3_BUCKET={name} is not the name of a bucket. Example: holdfast-files.")
    if "." in name and addressing == "virtual" and endpoint.startswith("https:"):
        raise ImproperlyConfigured(
            f"S3_BUCKET={name} has a dot, which https certificates do not cover. Use another, or S3_ADDRESSING=path."
        )
    return Bucket(
        name=name,
        region=region,
        access_key=given["S3_ACCESS_KEY_ID"],
        secret_key=given["S3_SECRET_ACCESS_KEY"],
        endpoint=endpoint,
        addressing=addressing,
    )


def _place(region: str, endpoint: str) -> tuple[str, str]:
    if not region and not endpoint:
        raise ImproperlyConfigured("S3_REGION is needed unless S3_ENDPOINT_URL is set. Example: eu-central-1.")
    if region and not re.fullmatch(r"[a-z0-9-]+", region):
        raise ImproperlyConfigured(f"S3_REGION={region} is not the name of a region. Example: eu-central-1.")
    if not endpoint:
        return region, f"https://s3.{region}.amazonaws.com"
    parts = env.url("S3_ENDPOINT_URL", endpoint.rstrip("/"), schemes=("http", "https"))
    if not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        raise ImproperlyConfigured(
            "S3_ENDPOINT_URL must look like https://s3.example.com, with no bucket or path after the host."
        )
    return region or "auto", parts.geturl()
