"""A real S3 server for tests: SeaweedFS in one process on loopback, which can be stopped, frozen and started again."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from project.lib.s3 import Bucket

DOCS = Path(__file__).resolve().parents[1] / "docs" / "storage.md"
KEYS = {"access_key": "holdfast", "secret_key": "kelp holds the rock"}
PORTS = [f"{name}{kind}" for name in ("s3", "master", "filer", "volume", "admin") for kind in (".port", ".port.grpc")]


class SeaweedFS:
    """One server with one bucket, on the same ports and the same files after each start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{self.ports['s3.port']}"
        self._process: subprocess.Popen[bytes] | None = None

    def bucket(self, **changed: Any) -> Bucket:
        given = {"name": "holdfast", "region": "auto", "endpoint": self.endpoint, "addressing": "path", **KEYS}
        return Bucket(**(given | changed))

    def environment(self) -> dict[str, str]:
        """Return what a process of Holdfast is told to use this server."""
        keys = {"S3_ACCESS_KEY_ID": KEYS["access_key"], "S3_SECRET_ACCESS_KEY": KEYS["secret_key"]}
        return {"S3_BUCKET": "holdfast", "S3_ENDPOINT_URL": self.endpoint, "S3_REGION": "auto", **keys}

    def start(self) -> None:
        """Start it where it does not run, let it go on where it is frozen, and wait until it answers."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)
        else:
            with (self.folder / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(), cwd=self.folder, env=self._environment(), stdout=log, stderr=log
                )
        deadline = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"weed does not come up:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process:
            self._process.kill()  # what it has answered is on the disk; an orderly end takes seconds
            self._process.wait()
            self._process = None
            for number in self.ports.values():  # it leaves its sockets behind, in a place of its own choice
                for file in Path("/tmp").glob(f"seaweedfs-*-grpc-{number}.sock"):
                    file.unlink(missing_ok=True)

    def freeze(self) -> None:
        """Let it take connections and answer nothing, until `start`."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)  # on a busy machine it goes on for a moment

    def allow(self, origin: str) -> None:
        """Allow pages of this origin what the docs tell to allow them, and no others."""
        rule: Any = documented_cors_rule() | {"AllowedOrigins": [origin]}
        self.client().put_bucket_cors(Bucket="holdfast", CORSConfiguration={"CORSRules": [rule]})

    def forget_origins(self) -> None:
        """Have no rules any more, as before the first `allow`."""
        self.client().delete_bucket_cors(Bucket="holdfast")

    def empty(self) -> None:
        client = self.client()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket="holdfast"):
            for there in page.get("Contents", []):
                client.delete_object(Bucket="holdfast", Key=there["Key"])

    def client(self, *, read_timeout: float = 5) -> Any:
        import boto3
        from botocore.config import Config

        bucket = self.bucket()
        return boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.access_key,
            aws_secret_access_key=bucket.secret_key,
            config=Config(**bucket.client_options(), read_timeout=read_timeout),
        )

    def _command(self) -> list[str]:
        given = {
            "dir": self.folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "bucket": "holdfast",
            "master.telemetry": "false",
            "admin.ui": "false",
            "webdav": "false",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.autoCreateBucket": "false",
            "s3.localSocket": self.folder / "s3.sock",
            "filer.localSocket": self.folder / "filer.sock",
            **self.ports,
        }
        weed = Path(sys.executable).parent / "weed"
        return [str(weed), "mini", *(f"-{name}={value}" for name, value in given.items())]

    def _environment(self) -> dict[str, str]:
        keys = {"AWS_ACCESS_KEY_ID": KEYS["access_key"], "AWS_SECRET_ACCESS_KEY": KEYS["secret_key"]}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **keys}

    def _answers(self) -> bool:
        """Does it take and give files? It knows the bucket some time before its parts have found each other."""
        client = self.client(read_timeout=1)
        try:
            client.put_object(Bucket="holdfast", Key="ready", Body=b"?")
            client.get_object(Bucket="holdfast", Key="ready")
            client.delete_object(Bucket="holdfast", Key="ready")
        except Exception:  # noqa: BLE001 - not yet, whatever it says
            return False
        return True


def documented_cors_rule() -> dict[str, Any]:
    """Return the one rule that docs/storage.md gives people to paste."""
    block = re.search(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert block
    (rule,) = json.loads(block[1])
    return dict(rule)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in held]
    for server in held:
        server.close()
    return ports
