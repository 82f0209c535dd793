"""Files in a bucket of S3, R2 or a compatible store. No byte passes through a web process.

A presigned PUT signs type, length and "If-None-Match: *": another type or length is refused with 403, a second PUT with
412. Unsigned headers (Content-Encoding, Cache-Control) can come with the bytes and are stored with them, so `promote`
replaces all headers.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from django.conf import settings

from uploads.stores.base import Changed, Found, Missing, Put, StoreError
from uploads.verifying import content_disposition

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from project.lib.s3 import Bucket

FOLDERS = ("incoming/", "uploads/")
"""The only ones that are walked: anything else in the bucket is not ours."""

CHUNK = 256 * 1024
READ_WITHIN = 60
"""Seconds that reading a whole file may take; 10 MiB then needs 170 kB/s."""

QUICK, PATIENT = 5, 20
"""Seconds of silence after which a request fails: one that a page waits for, one that moves bytes."""

PLACES, QUEUE = 4, 1.0
"""How many threads of a process may wait for the bucket at once, and how many seconds others wait for a place.
While the bucket is silent, half of a web process's threads still serve pages."""

_PROMOTED_FROM = "promoted-from"
_places = threading.BoundedSemaphore(PLACES)


class S3Store:
    def presign_put(self, key: str, *, type: str, size: int, expires: timedelta) -> Put:
        signed = {"ContentType": type, "ContentLength": size, "IfNoneMatch": "*"}
        url = self._presign("put_object", key, signed, expires)
        return Put(url, {"Content-Type": type, "If-None-Match": "*"})

    def presign_get(self, key: str, *, name: str, type: str, inline: bool, expires: timedelta) -> str | None:
        answer = {
            "ResponseContentType": type,
            "ResponseContentDisposition": content_disposition(name, inline=inline),
            "ResponseCacheControl": f"private, max-age={int(expires.total_seconds())}",
        }
        return self._presign("get_object", key, answer, expires)

    def head(self, key: str) -> Found | None:
        try:
            with _asking(key):
                answer = client().head_object(Bucket=_bucket().name, Key=key)
                size, type, etag = answer["ContentLength"], answer["ContentType"], _bare(answer["ETag"])
                found = Found(size, type, etag, answer["LastModified"])
        except Missing:
            return None
        return found

    @contextmanager
    def open(self, key: str, *, etag: str | None = None) -> Iterator[BinaryIO]:
        """Read the whole file into a temporary one, which can be read twice, and yield that."""
        condition: dict[str, Any] = {} if etag is None else {"IfMatch": f'"{etag}"'}
        with TemporaryFile() as copy:
            with _asking(key):
                answer = client(patient=True).get_object(Bucket=_bucket().name, Key=key, **condition)
                _read(key, answer["Body"], copy, size=answer["ContentLength"])
            copy.seek(0)
            yield copy

    def promote(self, source: str, target: str, *, etag: str, type: str) -> None:
        bucket = _bucket().name
        try:
            with _asking(source):
                client(patient=True).copy_object(
                    Bucket=bucket,
                    Key=target,
                    CopySource={"Bucket": bucket, "Key": source},
                    CopySourceIfMatch=f'"{etag}"',
                    MetadataDirective="REPLACE",
                    Metadata={_PROMOTED_FROM: etag},
                    ContentType=type,
                )
        except Missing:
            if not self._is_promoted(target, etag=etag):
                raise

    def write(self, key: str, file: BinaryIO, *, type: str) -> None:
        file.seek(0)
        with _asking(key):
            client(patient=True).put_object(Bucket=_bucket().name, Key=key, Body=file, ContentType=type)

    def delete(self, key: str) -> None:
        with _asking(key):
            client().delete_object(Bucket=_bucket().name, Key=key)

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Found]]:
        """Yield the keys of uploads with this beginning; the answer to a listing names no types."""
        for folder in FOLDERS:
            if folder.startswith(prefix) or prefix.startswith(folder):
                yield from self._walk(max(folder, prefix, key=len))

    def _walk(self, prefix: str) -> Iterator[tuple[str, Found]]:
        with _as_store_error(prefix):
            for page in client().get_paginator("list_objects_v2").paginate(Bucket=_bucket().name, Prefix=prefix):
                for there in page.get("Contents", []):
                    yield there["Key"], Found(there["Size"], "", _bare(there["ETag"]), there["LastModified"])

    def _presign(self, method: str, key: str, parameters: dict[str, Any], expires: timedelta) -> str:
        with _as_store_error(key):
            return client().generate_presigned_url(
                method,
                Params={"Bucket": _bucket().name, "Key": key, **parameters},
                ExpiresIn=int(expires.total_seconds()),
            )

    def _is_promoted(self, target: str, *, etag: str) -> bool:
        """Was this copied before? Not seen by the ETag, which changes in a copy where the bucket encrypts."""
        try:
            with _asking(target):
                there = client().head_object(Bucket=_bucket().name, Key=target)
        except Missing:
            return False
        return there["Metadata"].get(_PROMOTED_FROM) == etag


def probe(key: str) -> None:
    """Write and delete something, in the time that a page waits; raise StoreError where that fails."""
    with _asking(key):
        client().put_object(Bucket=_bucket().name, Key=key, Body=b"ok")
        client().delete_object(Bucket=_bucket().name, Key=key)


def client(*, patient: bool = False) -> "S3Client":
    """Return this process's client; a fork does not share connections with its parent."""
    return _client(os.getpid(), _bucket(), PATIENT if patient else QUICK)


@cache
def _client(pid: int, bucket: "Bucket", read_timeout: float) -> "S3Client":
    config = Config(**bucket.client_options(), read_timeout=read_timeout)
    return _session(pid, bucket).client("s3", endpoint_url=bucket.endpoint, config=config)


@cache
def _session(pid: int, bucket: "Bucket") -> boto3.session.Session:  # noqa: ARG001 - part of the cache's key
    """Return what its clients share: the description of the service, of 12 MB."""
    return boto3.session.Session(
        aws_access_key_id=bucket.access_key, aws_secret_access_key=bucket.secret_key, region_name=bucket.region
    )


def _bucket() -> "Bucket":
    bucket: Bucket | None = settings.S3
    if bucket is None:
        raise StoreError("there is no bucket: S3_BUCKET is not set")
    return bucket


def _read(key: str, body: Any, copy: BinaryIO, *, size: int) -> None:
    until = time.monotonic() + READ_WITHIN
    for chunk in body.iter_chunks(CHUNK):
        copy.write(chunk)
        if time.monotonic() > until:
            raise StoreError(f"{key}: only {copy.tell()} of {size} bytes arrived in {READ_WITHIN} s")
    if copy.tell() != size:
        raise StoreError(f"{key}: {copy.tell()} bytes arrived instead of {size}")


@contextmanager
def _asking(key: str) -> Iterator[None]:
    """Take a place among those who wait for the bucket; raise StoreError where there is none, or the request fails."""
    if not _places.acquire(timeout=QUEUE):
        raise StoreError(f"{key}: {PLACES} other threads are already waiting for the bucket")
    try:
        with _as_store_error(key):
            yield
    finally:
        _places.release()


@contextmanager
def _as_store_error(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        said = error.response["Error"]
        if status == 404 and said.get("Code") != "NoSuchBucket":
            raise Missing(key) from error
        if status == 412:
            raise Changed(key) from error
        raise StoreError(f"{key}: {status} {said.get('Code')}: {said.get('Message')}") from error
    except (BotoCoreError, ResponseParserError, KeyError, OSError) as error:  # KeyError: an answer that lacks its ETag
        raise StoreError(f"{key}: {type(error).__name__}: {error}") from error


def _bare(etag: str) -> str:
    return etag.strip('"')
