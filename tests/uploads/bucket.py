"""Addresses that the bucket signs, and what is sent to them, for the tests of the store."""

import http.client
from datetime import timedelta
from urllib.parse import urlsplit

from uploads.stores import store

KEY = "incoming/0b9e"
MINUTE = timedelta(minutes=1)


def send(method, url, body=None, headers=None):
    """Send a request as a browser would; return the status and the answer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    with connection.getresponse() as response:
        answer = response.read()
    connection.close()
    return response, answer


def put(body=b"12345", *, key=KEY, change=None, expires=MINUTE, **headers):
    """Send bytes to an address that was signed for five of them, a PNG; return the status."""
    right = store().presign_put(key, type="image/png", size=5, expires=expires)
    sent = right.headers | {name.replace("_", "-"): value for name, value in headers.items()}
    url = right.url.replace(*change) if change else right.url
    response, _answer = send("PUT", url, body, {name: value for name, value in sent.items() if value})
    return response.status


def content(key, **conditions):
    with store().open(key, **conditions) as file:
        return file.read()
