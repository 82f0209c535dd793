"""Names of files, made harmless."""


def clean_name(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(filter(str.isprintable, last)).lstrip(". ")
    return kept.encode()[:255].decode(errors="ignore") or "file"
