"""A proxy in front of an S3 server that can be slow, refuse, talk nonsense or hang up, as the test says."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

type Answer = tuple[int, dict[str, str], bytes]

FULL = (507, "InsufficientStorage")
BROKEN = (500, "InternalError")
BUSY = (503, "SlowDown")


class Faulty:
    """Passes on all that it is asked, host and headers unchanged as they are signed, but for the fault that is set."""

    def __init__(self, endpoint: str) -> None:
        self.behind = urlsplit(endpoint).netloc
        self.asked: list[str] = []
        self._fault: Callable[[str, str], Answer | None] | None = None
        self._over = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def late(self, seconds: float) -> Iterator[None]:
        """Answer each request this much later."""
        with self._faulty(lambda _method, _key: self._over.wait(seconds) and None):
            yield

    @contextmanager
    def answering(self, status: int, code: str, *, methods: str = "", keys: str = "") -> Iterator[None]:
        """Answer these methods, for keys with this in them, with an error as S3 words it."""
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        answer = (status, {"Content-Type": "application/xml"}, body)
        with self._faulty(lambda method, key: answer if method in (methods or method) and keys in key else None):
            yield

    @contextmanager
    def talking_nonsense(self) -> Iterator[None]:
        """Answer as a proxy does that wants somebody to sign in."""
        with self._faulty(lambda _method, _key: (200, {"Content-Type": "text/html"}, b"<html><p>Welcome to the hotel")):
            yield

    @contextmanager
    def _faulty(self, fault: Callable[[str, str], Any]) -> Iterator[None]:
        self._fault = fault
        self._over.clear()
        try:
            yield
        finally:
            self._fault = None
            self._over.set()

    def _answer(self, request: BaseHTTPRequestHandler) -> Answer:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        key = request.path.partition("?")[0]
        self.asked.append(f"{request.command} {key}")
        if self._fault and (answer := self._fault(request.command, key)):
            return answer
        connection = http.client.HTTPConnection(self.behind, timeout=30)
        try:
            connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() not in ("connection", "expect"):
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            with connection.getresponse() as response:
                return response.status, dict(response.getheaders()), response.read()
        except OSError:
            return 502, {}, b""
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        faulty = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                status, headers, body = faulty._answer(self)
                with suppress(OSError):  # who asked may have given up
                    self.send_response_only(status)
                    for name, value in headers.items():
                        if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                            self.send_header(name, value)
                    length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
                    if status != 204:
                        self.send_header("Content-Length", length)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)

            do_HEAD = do_GET = do_PUT = do_POST = do_DELETE = do_OPTIONS = answer  # noqa: N815 - as the base class asks

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler
