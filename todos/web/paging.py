"""Pages of long lists, by their number in the address."""

PAGE_SIZE = 50
_LAST_PAGE = 999_999


def page_number(value: object) -> int:
    """Return the page's number, 1 where it is not a plain positive one."""
    text = str(value or "")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PAGE))):
        return 1
    return int(text) or 1
