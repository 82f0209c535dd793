"""PDF: only its two ends are looked at. It is served as a download, and nothing in it is changed."""

from uploads.reasons import Reason
from uploads.verifying.rejecting import Rejected

_END = b"%%EOF"
_BLANK = b"\x00\t\n\x0c\r "
_TAIL = 1024


def check(data: bytes) -> None:
    tail = data[-_TAIL:].rstrip(_BLANK)
    if tail.endswith(_END):
        return
    if _END in data:
        raise Rejected(Reason.TRAILING_DATA, "bytes after the last %%EOF")
    raise Rejected(Reason.TRUNCATED, "no %%EOF")


def strip(data: bytes) -> bytes:
    return data
