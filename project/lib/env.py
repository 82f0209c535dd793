"""Read settings from the environment, each as NAME or from a file named by NAME_FILE (a mounted secret)."""

import ipaddress
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def text(name: str, default: str = "") -> str:
    """Return the setting without surrounding white space; an empty one counts as not set."""
    value, file = os.environ.get(name, "").strip(), os.environ.get(f"{name}_FILE", "").strip()
    if value and file:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set; keep only one of them.")
    if file:
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE={file} cannot be read: {error}.") from error
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE={file} is empty.")
    return value or default


def boolean(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name}={value} is neither yes nor no; use 1 or 0.")
    return default


def integer(name: str, *, default: int, low: int, high: int) -> int:
    value = text(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) < 12 and low <= int(value) <= high):
        raise ImproperlyConfigured(f"{name}={value} is not a whole number from {low} to {high}.")
    return int(value)


def choice(name: str, *, default: str, options: tuple[str, ...]) -> str:
    value = text(name) or default
    if value not in options:
        raise ImproperlyConfigured(f"{name}={value} is not valid; use {' or '.join(options)}.")
    return value


def url(name: str, value: str, *, schemes: tuple[str, ...]) -> SplitResult:
    """Split a URL whose scheme is one of `schemes`; the error never repeats a password."""
    expected = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a URL ({error}); it must begin with {expected}.") from None
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with {expected}.")
    if parts.port == 0:
        raise ImproperlyConfigured(f"{name} has port 0; a port is a number from 1 to 65535.")
    return parts


def public_url(default: str) -> SplitResult:
    """Return PUBLIC_URL: scheme, host and perhaps a port, nothing else."""
    parts = url("PUBLIC_URL", text("PUBLIC_URL", default).rstrip("/"), schemes=("http", "https"))
    if (
        not re.fullmatch(r"[\w.:-]+", parts.hostname or "", re.ASCII)
        or parts.path
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise ImproperlyConfigured("PUBLIC_URL must look like https://todo.example.com, with no path after the host.")
    return parts


def networks(name: str) -> list[Network]:
    """Return a comma-separated list of addresses and networks as networks."""
    found = []
    for part in filter(None, (part.strip() for part in text(name).split(","))):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} contains {part}, which is not an address or network ({error}). Example: 127.0.0.1, 10.0.0.0/8."
            ) from None
    return found


def header(name: str, *, default: str, needed_with: list[Network]) -> str:
    """Return the name of a request header, which can be set only if someone is trusted to send it."""
    value = text(name)
    if value and not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ImproperlyConfigured(f"{name}={value} is not the name of a header. Example: X-Forwarded-For.")
    if value and not needed_with:
        raise ImproperlyConfigured(f"{name} is set but TRUSTED_PROXIES is not; put the addresses of your proxy there.")
    return value or default


def postgresql() -> dict[str, Any]:
    """Return Django's DATABASES entry for DATABASE_URL, or an empty one if it is not set."""
    value = text("DATABASE_URL")
    if not value:
        return {}
    example = "postgresql://user:password@db.example.com:5432/holdfast"
    url("DATABASE_URL", value, schemes=("postgresql", "postgres"))
    try:
        database = {**dj_database_url.parse(value)}
    except (dj_database_url.ParseError, ValueError):
        raise ImproperlyConfigured(f"DATABASE_URL cannot be parsed. Example: {example}.") from None
    if not database["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL must end with the name of a database, like {example}.")
    return database


def redis_url() -> str:
    """Return REDIS_URL, with a host (or a socket's path) and optionally the number of a database."""
    value = text("REDIS_URL")
    if not value:
        return value
    parts = url("REDIS_URL", value, schemes=("redis", "rediss", "unix"))
    option = dict(parse_qsl(parts.query)).get("db", "")
    place, path = (parts.path, "") if parts.scheme == "unix" else (parts.hostname, parts.path.removeprefix("/"))
    if not place or not re.fullmatch(r"[0-9]*", path + option):
        raise ImproperlyConfigured(
            "REDIS_URL must name a host and optionally the number of a database, like redis://cache.example.com:6379/0."
        )
    return value


def mailer(default: dict[str, Any]) -> dict[str, Any]:
    """Return Django's MAILERS entry for EMAIL_URL: smtp:// (STARTTLS if it has a password) or smtps://."""
    value = text("EMAIL_URL")
    if not value:
        return default
    parts = url("EMAIL_URL", value, schemes=("smtp", "smtps"))
    if not parts.hostname or parts.path not in ("", "/"):
        raise ImproperlyConfigured(
            "EMAIL_URL must name a host and have no path, like smtp://user:password@mail.example.com:587."
        )
    query = dict(parse_qsl(parts.query))
    if unknown := set(query) - {"tls"}:
        raise ImproperlyConfigured(f"EMAIL_URL has an unknown option {sorted(unknown)[0]!r}; the only one is tls=0.")
    implicit = parts.scheme == "smtps"
    options = {
        "host": parts.hostname,
        "port": parts.port or (465 if implicit else 587 if parts.password else 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": implicit,
        "use_tls": not implicit and bool(parts.password) and query.get("tls") != "0",
        "timeout": 10,  # seconds; a job may take 15
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


def sender(default: str) -> str:
    """Return EMAIL_FROM: an address, or a name with an address in angle brackets."""
    value = text("EMAIL_FROM")
    address = r"[^\s<>@,]+@[^\s<>@,]+"
    if value and not re.fullmatch(rf"{address}|[^<>\r\n]*<{address}>", value):
        raise ImproperlyConfigured(
            f"EMAIL_FROM={value} is not an email address. Example: Holdfast <holdfast@example.com>."
        )
    return value or default


_OURS = {"secret_key", "lock", "holdfast.sqlite3", "cache.sqlite3", "static", "files", "mail"}


def _is_of_something_else(path: Path) -> bool:
    """Does the folder contain things, but nothing made by Holdfast? Dotfiles and lost+found do not count."""
    names = {entry.name for entry in path.iterdir() if not entry.name.startswith(".")} - {"lost+found"}
    return bool(names) and not names & _OURS


def data_dir(path: Path) -> Path:
    """Make the folder for everything that Holdfast keeps itself, readable by its owner only.

    A folder that others use too is refused: making it private would lock them out.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.stat()
        foreign = os.geteuid() not in (0, found.st_uid)  # root in a container serves a volume of another user
        if foreign or found.st_mode & stat.S_ISVTX or _is_of_something_else(path):
            raise ImproperlyConfigured(
                f"DATA_DIR {path} belongs to someone else or is shared; choose a folder for Holdfast alone, like "
                f"{path / 'holdfast'}."
            )
        if found.st_mode & 0o077:
            path.chmod(0o700)
        probe = path / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise ImproperlyConfigured(
            f"DATA_DIR {path} cannot be written to ({reason}); choose another folder."
        ) from error
    return path


def secret_key(folder: Path) -> str:
    """Return SECRET_KEY, or the one kept in `folder`, made on the first run."""
    if value := text("SECRET_KEY"):
        return value
    file = folder / "secret_key"
    try:
        if not file.exists():
            # Linked into place when complete, so that two processes that start at once read the same key.
            draft = folder / f"secret_key.{os.getpid()}"
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        if key := file.read_text(encoding="ascii").strip():
            return key
        raise ImproperlyConfigured(f"The secret key {file} is empty. Delete it, and a new one will be made.")
    except OSError as error:
        raise ImproperlyConfigured(f"The secret key {file} cannot be saved or read: {error.strerror}.") from error
