from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts import addresses
from accounts.models import User
from accounts.session_store import SessionStore
from project.lib import logs

type Handler = Callable[[HttpRequest], HttpResponseBase]


def member_context(get_response: Handler) -> Handler:
    """Serve a member's request in their time zone and language, with their id in the log.

    Keeps the client's address at hand. Notes the visit in their session, at most once in five minutes.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with addresses.serving(request):
            return serve(request)

    def serve(request: HttpRequest) -> HttpResponseBase:
        # Who brings no session is not looked for: an anonymous visit costs no query.
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        if not isinstance(user, User):
            return get_response(request)
        logs.set_user(user.pk)
        assert isinstance(request.session, SessionStore)
        address = addresses.current()
        request.session.note_visit(address=str(address) if address else None)
        with timezone.override(user.zone), translation.override(user.language_code):
            return get_response(request)

    return middleware
