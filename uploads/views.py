from uuid import UUID

from django.http import HttpRequest, HttpResponse


def create(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError


def status(request: HttpRequest, pk: UUID) -> HttpResponse:
    raise NotImplementedError


put = complete = cancel = receive = status
