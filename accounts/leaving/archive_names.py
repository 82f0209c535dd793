"""Names of files in a ZIP that can be extracted everywhere; Windows accepts the fewest."""

import re
from itertools import count
from pathlib import PurePosixPath
from unicodedata import normalize

_REFUSED = re.compile(r'[<>:"\\|?*\x00-\x1f]')
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_LONGEST = 120  # characters; a path there has 260 with all its folders
_LONGEST_SUFFIX = 20


def extractable(name: str, *, taken: set[str]) -> str:
    """Return the name, with its folders, as every system accepts it; add it to those that are `taken` in any case."""
    *folders, last = [_harmless(part) for part in name.split("/")]
    suffix = PurePosixPath(last).suffix
    if len(suffix) > _LONGEST_SUFFIX:
        suffix = ""
    stem = last.removesuffix(suffix)
    for number in count(1):
        end = suffix if number == 1 else f" ({number}){suffix}"
        found = "/".join([*folders, stem[: _LONGEST - len(end)].rstrip(". ") + end])
        key = normalize("NFC", found).casefold()
        if key not in taken:
            break
    taken.add(key)
    return found


def _harmless(part: str) -> str:
    part = _REFUSED.sub("_", part).rstrip(". ")
    return f"_{part}" if not part or _DEVICE.match(part) else part
