def clean_name(name: str) -> str:
    """Return a base name that is safe to store, to show and to save: at most 255 bytes, never empty."""
    raise NotImplementedError


def content_disposition(name: str, *, inline: bool) -> str:
    raise NotImplementedError


def serving_headers(type: str, name: str) -> dict[str, str]:
    """Return the headers of every answer that carries the bytes of a file."""
    raise NotImplementedError
