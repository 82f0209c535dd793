"""Named points at which tests end the process, as kill -9 would."""

_armed: dict[str, int] = {}


class Crash(BaseException):
    """Stands for the end of the process: nothing after it runs, open transactions roll back."""


def point(name: str) -> None:
    """Be a place to crash at; a dictionary look-up unless a test has armed it."""
    if _armed and name in _armed:
        _armed[name] -= 1
        if _armed[name] <= 0:
            del _armed[name]
            raise Crash(name)


def arm(name: str, *, at: int = 1) -> None:
    """Crash at the `at`-th passage of the point."""
    _armed[name] = at


def disarm() -> None:
    _armed.clear()
