"""Many slow lines at once, in a process of their own: `python -m bench.uploads.slowly` reads jobs, and tells the ends.

In comes one line of JSON: [[address, headers, size, seconds to wait], ...]; out comes {"200": how many, ...}.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

BYTES_PER_SECOND = 50_000
EVERY = 0.5
"""Seconds between two pieces."""


async def _send(address: str, headers: dict[str, str], size: int, delay: float) -> str:
    parts = urlsplit(address)
    await asyncio.sleep(delay)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            lines = [f"PUT {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {size}"]
            lines += [f"{name}: {value}" for name, value in headers.items()] + ["Connection: close", "", ""]
            writer.write("\r\n".join(lines).encode())
            began, sent, piece = time.monotonic(), 0, bytes(int(BYTES_PER_SECOND * EVERY))
            while sent < size:
                writer.write(piece[: size - sent])
                await writer.drain()
                sent += len(piece)
                await asyncio.sleep(max(0.0, began + sent / BYTES_PER_SECOND - time.monotonic()))
            answer = await reader.readline()
            return answer.decode().split(" ")[1]
        finally:
            writer.close()
    except (OSError, IndexError) as error:
        return type(error).__name__


async def _send_all(jobs: list[tuple[str, dict[str, str], int, float]]) -> dict[str, int]:
    return dict(Counter(await asyncio.gather(*(_send(*job) for job in jobs))))


if __name__ == "__main__":
    os.nice(10)  # the other ends of lines are other machines
    print(json.dumps(asyncio.run(_send_all(json.loads(sys.stdin.readline())))))
