from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from accounts import addresses
from accounts.models import User
from project import logs

type Handler = Callable[[HttpRequest], HttpResponseBase]


def member_context(get_response: Handler) -> Handler:
    """Serve a member's request in their time zone and language, with their id in the log.

    Keep the client's address at hand.
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
        with timezone.override(user.zone), translation.override(user.language_code):
            return get_response(request)

    return middleware
