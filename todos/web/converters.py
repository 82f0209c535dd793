class IdConverter:
    """An id that a database can hold: ASCII digits, below 2**63; any other path is not found."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int | str) -> str:
        return str(value)
