"""The reason for rejecting a file, or what is known about an accepted one."""

from dataclasses import dataclass

from uploads.reasons import Reason


class Rejected(Exception):
    """The file is refused; `reason` says why, and the message adds what only an operator wants to know."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Examined:
    """Width and height are as shown, with the orientation applied; None for what is no picture."""

    type: str
    width: int | None = None
    height: int | None = None
