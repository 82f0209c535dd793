from collections.abc import Callable

from accounts.web.requests import MemberRequest
from project.lib.refusals import Refused
from todos.web.toasts import refuse


def attempt[T](request: MemberRequest, verb: Callable[[], T]) -> T | None:
    """Return what the verb returns; if it is refused, tell the person why and return None."""
    try:
        return verb()
    except Refused as reason:
        refuse(request, str(reason))
        return None
