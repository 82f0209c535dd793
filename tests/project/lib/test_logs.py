import json
import logging

from project.lib import logs
from tests.architecture.addresses import ADDRESSES


def record(message: str = "hello %s", *args, **extra) -> logging.LogRecord:
    made = logging.getLogger("test").makeRecord(
        "test", logging.INFO, "f", 1, message, args or ("you",), None, extra=extra
    )
    logs.ContextFilter().filter(made)
    return made


def test_code_without_a_request_reads_none():
    assert logs.request_id() is None
    assert logs.user_id() is None


def test_context_goes_into_every_record():
    identity = logs.begin_request("")
    logs.set_user(7)
    try:
        entry = json.loads(logs.JSONFormatter().format(record(status=200)))
        line = logs.ConsoleFormatter().format(record())
    finally:
        logs.end_request()
    assert entry["request_id"] == identity
    assert entry["user_id"] == 7
    assert entry["message"] == "hello you"
    assert entry["status"] == 200
    assert f"[request={identity} user=7]" in line


def test_a_proxys_request_id_is_kept_only_if_it_is_harmless():
    assert logs.begin_request("abc-12345") == "abc-12345"
    assert logs.begin_request("x\nforged line 12345") != "x\nforged line 12345"
    logs.end_request()


def test_a_message_cannot_forge_a_line_or_send_control_characters():
    line = logs.ConsoleFormatter().format(record("%s", "a\nb\x1b[2J\x9b\u202e"))
    assert "\n" not in line
    assert not {"\x1b", "\x9b", "\u202e"} & set(line)


def test_an_exception_is_part_of_the_json():
    try:
        raise ValueError("broken")
    except ValueError as error:
        made = record()
        made.exc_info = (ValueError, error, error.__traceback__)
    assert "ValueError: broken" in json.loads(logs.JSONFormatter().format(made))["exception"]


def test_output_becomes_one_object_a_line_that_names_its_process(monkeypatch):
    plain = json.loads(logs.as_json("100% of a crash", process="web"))
    assert (plain["message"], plain["process"], plain["level"]) == ("100% of a crash", "web", "info")
    assert json.loads(logs.as_json("12", process="web"))["message"] == "12"
    assert json.loads(logs.as_json("[" * 100_000, process="web"))["process"] == "web"

    monkeypatch.setenv("HOLDFAST_PROCESS", "worker")
    line = logs.JSONFormatter().format(record())
    assert logs.as_json(line, process="worker") == line
    assert json.loads(line)["process"] == "worker"


def test_tokens_in_addresses_are_not_logged():
    token = "3mZ_-q9" * 6
    tokens = {"token": token, "key": token, "uidb36": "1"}
    secret = [address.url(tokens) for address in ADDRESSES if {"token", "key"} & set(address.params)]
    paths = [path for path in secret if "/export/" not in path]  # an export is for its owner's session alone
    assert len(paths) >= 4
    for path in paths:
        made = record("%s %s?next=%s", "GET", path, path, path=path)
        for line in (logs.ConsoleFormatter().format(made), logs.JSONFormatter().format(made)):
            assert "3mZ" not in line
            assert "***" in line
    assert "/accounts/password/reset/key/done/" in logs.mask("/accounts/password/reset/key/done/")
