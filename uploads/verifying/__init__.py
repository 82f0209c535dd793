"""Whether a file may be stored, and what is stored of it. Pure functions: bytes in, a verdict or bytes out."""

from uploads.verifying.examining import examine, strip, thumbnails
from uploads.verifying.limits import MOST_PIXELS
from uploads.verifying.names import clean_name, content_disposition, serving_headers
from uploads.verifying.rejecting import Examined, Rejected

__all__ = [
    "MOST_PIXELS",
    "Examined",
    "Rejected",
    "clean_name",
    "content_disposition",
    "examine",
    "serving_headers",
    "strip",
    "thumbnails",
]
