"""The files that the application makes itself, such as exports, in the bucket: Django's default storage."""

from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from storages.backends.s3 import S3Storage

from uploads.stores.s3 import PATIENT
from uploads.verifying import content_disposition

IN_MEMORY = 256 * 1024


class PrivateFiles(S3Storage):  # type: ignore[misc] # django-storages has no types
    """Reads through the disk and writes without threads: ten parts of 8 MiB at once are too much for a worker."""

    def __init__(self, *, client_options: dict[str, Any], **options: Any) -> None:
        options |= {
            "file_overwrite": False,
            "max_memory_size": IN_MEMORY,
            "transfer_config": TransferConfig(use_threads=False),
            "client_config": Config(**client_options, read_timeout=PATIENT),
        }
        super().__init__(**options)

    def download_url(self, name: str, *, as_name: str) -> str:
        """Return an address, for a minute, from which browsers save the file under this name."""
        answer = {"ResponseContentDisposition": content_disposition(as_name, inline=False)}
        url: str = self.url(name, parameters=answer, expire=60)
        return url
