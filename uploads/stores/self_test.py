"""What `manage.py storage check` does: try every operation that uploads need, and say what to fix."""

import hashlib
import io
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _

from uploads.stores.base import Changed, Put, Store, StoreError

if TYPE_CHECKING:
    from project.lib.s3 import Bucket

BODY, OTHER = b"tried by Holdfast", b"other bytes, swap"
TYPE = "image/png"
EXPIRES = timedelta(minutes=2)
MOST_SKEW = timedelta(minutes=1)


class Tried(NamedTuple):
    name: str
    failure: str  # "" if it works


class Failed(Exception):
    """The store answers, but wrongly."""


type Trial = tuple[str, Callable[[], None]]


def trials(store: Store) -> Iterator[Tried]:
    """Try one operation after the other and clean up. If writing fails, nothing else is tried."""
    trying = Trying(store)
    steps = trying.steps if settings.S3 is None else [*trying.steps, *trying.bucket_steps]
    try:
        for name, trial in steps:
            failure = _failure(trial)
            yield Tried(name, failure)
            if failure and trial == trying.write:
                return
    finally:
        trying.clean()


def cors_rules() -> list[dict[str, Any]]:
    """Return the CORS rules for the bucket, as S3's console and R2's dashboard accept them."""
    return [
        {
            "AllowedOrigins": [settings.PUBLIC_URL],
            "AllowedMethods": ["PUT"],
            "AllowedHeaders": ["content-type", "if-none-match"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3600,
        }
    ]


class Trying:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.number = uuid.uuid4()
        self.incoming, self.file = f"incoming/{self.number}", f"uploads/{self.number}/file"
        self.http = urllib3.PoolManager(retries=False, timeout=10, cert_reqs="CERT_REQUIRED")
        self.steps: list[Trial] = [
            (_("write"), self.write),
            (_("look up"), self.look),
            (_("read"), self.read),
            (_("read only if unchanged"), self.read_changed),
            (_("list"), self.walk),
            (_("copy only if unchanged"), self.promote),
            (_("delete"), self.delete),
        ]
        self.bucket_steps: list[Trial] = [
            (_("clock"), self.clock),
            (_("upload from the browser"), self.put),
            (_("refuse a second upload"), self.put_twice),
            (
                _("refuse an upload without the write-once header"),
                lambda: self.refused("an upload without If-None-Match", headers={"If-None-Match": ""}),
            ),
            (
                _("refuse another type"),
                lambda: self.refused("an upload with another type", headers={"Content-Type": "text/html"}),
            ),
            (_("refuse more bytes"), lambda: self.refused("an upload with more bytes", body=BODY + b"!")),
            (_("refuse fewer bytes"), lambda: self.refused("an upload with fewer bytes", body=BODY[:-1])),
            (
                _("refuse unsigned headers"),
                lambda: self.refused("an upload with unsigned headers", headers={"x-amz-meta-owner": "x"}),
            ),
            (_("refuse another name"), lambda: self.refused("an upload under another name", change=(".1?", ".2?"))),
            (_("download from the browser"), self.get),
            (_("refuse downloads without a signature"), self.strangers),
            (_("CORS"), self.cors),
        ]

    def write(self) -> None:
        self.store.write(self.incoming, io.BytesIO(BODY), type=TYPE)

    def look(self) -> None:
        self._etag()
        if self.store.head(f"{self.incoming}.none") is not None:
            raise Failed("the store reports a file that was never written")

    def read(self) -> None:
        with self.store.open(self.incoming) as file:
            if file.read() != BODY:
                raise Failed("the store returns different bytes from those written")

    def read_changed(self) -> None:
        """Write other bytes; asking for the first ones must be answered with “changed”."""
        etag = self._etag()
        self.store.write(self.incoming, io.BytesIO(OTHER), type=TYPE)
        self._expect_changed(lambda: self.store.open(self.incoming, etag=etag).__enter__())
        self._expect_changed(lambda: self.store.promote(self.incoming, self.file, etag=etag, type=TYPE))
        if self.store.head(self.file):
            raise Failed("the store copied bytes that had changed")

    def walk(self) -> None:
        if self.incoming not in dict(self.store.walk(self.incoming)):
            raise Failed("a file that was written is not listed")

    def promote(self) -> None:
        self.store.promote(self.incoming, self.file, etag=self._etag(), type="image/webp")
        with self.store.open(self.file) as file:
            if hashlib.sha256(file.read()).digest() != hashlib.sha256(OTHER).digest():
                raise Failed("the copy has different bytes")

    def delete(self) -> None:
        for key in (self.incoming, self.file):
            self.store.delete(key)
            self.store.delete(key)
            if self.store.head(key):
                raise Failed("a deleted file is still there")

    # --- What only a bucket does: it answers to browsers -------------------------------------------------------------

    def clock(self) -> None:
        sent = self.http.request("GET", _bucket().endpoint).headers.get("Date", "")
        skew = abs(parsedate_to_datetime(sent) - datetime.now(UTC)) if sent else timedelta()
        if skew > MOST_SKEW:
            raise Failed(f"the clocks differ by {skew.total_seconds():.0f} s; set this machine's clock (NTP)")

    def put(self) -> None:
        self._expect(200, self._put(self._right()), "an upload")
        if (found := self.store.head(f"{self.incoming}.1")) is None or found.size != len(BODY):
            raise Failed("an upload was accepted but is not there")

    def put_twice(self) -> None:
        self._expect(412, self._put(self._right()), "a second upload under the same name")

    def refused(self, what: str, *, body: bytes = BODY, change: tuple[str, str] = ("", ""), **given: Any) -> None:
        self.store.delete(f"{self.incoming}.1")
        self._expect(403, self._put(self._right(), body=body, change=change, **given), what)

    def get(self) -> None:
        self.write()
        url = self.store.presign_get(self.incoming, name="a b.png", type=TYPE, inline=False, expires=EXPIRES)
        response = self.http.request("GET", url or "", headers={"Range": "bytes=0-4"})
        self._expect(206, response, "a download of the first five bytes")
        if response.headers.get("Content-Type") != TYPE:
            raise Failed("a download has a different type from the signed one")
        if not response.headers.get("Content-Disposition", "").startswith("attachment"):
            raise Failed("a download does not carry the signed file name")

    def strangers(self) -> None:
        bare = self._right().url.partition("?")[0]
        status = self.http.request("GET", bare.removesuffix(".1")).status
        if status < 400:
            raise Failed("anyone can read the bucket; turn off public access")

    def cors(self) -> None:
        right = self._right()
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type,if-none-match"}
        answer = self.http.request("OPTIONS", right.url, headers={"Origin": settings.PUBLIC_URL, **asked}).headers
        headers = answer.get("Access-Control-Allow-Headers", "").lower()
        if (
            answer.get("Access-Control-Allow-Origin") not in (settings.PUBLIC_URL, "*")
            or "PUT" not in answer.get("Access-Control-Allow-Methods", "")
            or not (
                headers == "*" or {"content-type", "if-none-match"} <= {part.strip() for part in headers.split(",")}
            )
        ):
            raise Failed(f"browsers are not allowed to upload from {settings.PUBLIC_URL}; {cors_advice()}")

    def clean(self) -> None:
        for key in (self.incoming, self.file, f"{self.incoming}.1", f"{self.incoming}.2"):
            try:
                self.store.delete(key)
            except StoreError:
                return

    def _etag(self) -> str:
        found = self.store.head(self.incoming)
        if found is None:
            raise Failed("a file that was written is not there")
        return found.etag

    def _right(self) -> Put:
        return self.store.presign_put(f"{self.incoming}.1", type=TYPE, size=len(BODY), expires=EXPIRES)

    def _put(
        self,
        right: Put,
        *,
        body: bytes = BODY,
        change: tuple[str, str] = ("", ""),
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        sent = right.headers | (headers or {})
        return self.http.request(
            "PUT", right.url.replace(*change), body=body, headers={name: value for name, value in sent.items() if value}
        )

    def _expect(self, status: int, response: urllib3.BaseHTTPResponse, what: str) -> None:
        if response.status != status:
            raise Failed(f"{what} got status {response.status} instead of {status}: {response.data[:300]!r}")

    def _expect_changed(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Changed:
            return
        raise Failed("the store ignores If-Match, the condition that the bytes are unchanged; it is not safe to use")


def cors_advice() -> str:
    """Return the rules to paste, and where."""
    rules, bucket = cors_rules(), _bucket()
    command = f"aws s3api put-bucket-cors --endpoint-url {bucket.endpoint} --bucket {bucket.name}"
    return (
        "give the bucket these rules (S3: Permissions → Cross-origin resource sharing; R2: Settings → CORS policy):\n"
        f"{json.dumps(rules, indent=2)}\n"
        f"or use the AWS command line:\n{command} --cors-configuration '{json.dumps({'CORSRules': rules})}'"
    )


ADVICE = {
    "InvalidAccessKeyId": "The store does not know S3_ACCESS_KEY_ID.",
    "SignatureDoesNotMatch": "S3_SECRET_ACCESS_KEY does not belong to S3_ACCESS_KEY_ID.",
    "NoSuchBucket": "S3_BUCKET does not exist: create it, private, without versioning.",
    "AccessDenied": "The key may not do this: allow GetObject, PutObject, DeleteObject and ListBucket on the bucket.",
    "403": "The key may not do this, or S3_BUCKET or S3_REGION is wrong.",
    "RequestTimeTooSkewed": "The clock of this machine is wrong: set it (NTP).",
    "AuthorizationHeaderMalformed": "S3_REGION is wrong.",
    "PermanentRedirect": "S3_REGION or S3_ENDPOINT_URL is wrong.",
    "301": "S3_REGION or S3_ENDPOINT_URL is wrong.",
    "NotImplemented": "This store lacks an operation that uploads need.",
    "EndpointConnectionError": "S3_ENDPOINT_URL cannot be reached from here.",
    "ConnectTimeoutError": "S3_ENDPOINT_URL cannot be reached from here.",
    "SSLError": "S3_ENDPOINT_URL does not answer https, or its certificate is not trusted.",
}


def _bucket() -> "Bucket":
    assert settings.S3
    return settings.S3


def _failure(trial: Callable[[], None]) -> str:
    try:
        trial()
    except Failed as failed:
        return str(failed)
    except (StoreError, urllib3.exceptions.HTTPError) as error:
        said = f"{error}" or type(error).__name__
        return f"{said}\n{next((advice for word, advice in ADVICE.items() if word in said), '')}".strip()
    return ""
