from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.admin.base import Console, Verb
from workflows.core import clock
from workflows.core.definitions import consumers
from workflows.core.errors import InvalidValue
from workflows.models import Message
from workflows.transitions import messages as transitions

STATES = {
    "dead": gettext_lazy("dead"),
    "waiting": gettext_lazy("waiting"),
    "flight": gettext_lazy("in flight"),
    "acknowledged": gettext_lazy("acknowledged"),
}


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("dead", gettext_lazy("dead letters")), *((key, STATES[key]) for key in list(STATES)[1:])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "dead":
                return queryset.dead()  # type: ignore[attr-defined, no-any-return]
            case "waiting":
                return queryset.pending().filter(claim="")  # type: ignore[attr-defined, no-any-return]
            case "flight":
                return queryset.in_flight((made.queue for made in consumers()), clock.now())  # type: ignore[attr-defined, no-any-return]
            case "acknowledged":
                return queryset.filter(acknowledged_at__isnull=False)
        return queryset


class QueueFilter(admin.SimpleListFilter):
    title = gettext_lazy("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        names, asked = sorted(made.queue for made in consumers()), request.GET.get(self.parameter_name, "")
        return [(name, name) for name in (names if not asked or asked in names else [*names, asked])]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(queue=self.value()) if self.value() else queryset


def _replay(pk: str, request: HttpRequest) -> str:
    if not transitions.replay([_number(pk)], by=request.user):
        raise _alive(pk)
    return _("The message will be delivered again.")


def _drop(pk: str, request: HttpRequest) -> str:
    if not transitions.drop([_number(pk)], by=request.user):
        raise _alive(pk)
    return _("The message was dropped.")


def _number(pk: str) -> int:
    text = str(pk)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _alive(pk: str) -> InvalidValue:
    return InvalidValue(
        what=f"Message {pk}", value="no dead letter", why="it may have been replayed or dropped already"
    )


@admin.register(Message)
class MessageAdmin(Console):
    """Messages without their bodies, which may hold secrets such as reset links."""

    verbs = {
        "replay": Verb(gettext_lazy("Replay"), _replay),
        "drop": Verb(
            gettext_lazy("Drop message"),
            _drop,
            confirm=gettext_lazy("It will be deleted and never delivered. Drop it?"),
        ),
    }
    has_pages = True
    list_display = ("id", "state", "queue", "attempts", "last_error", "sent_at", "due", "idempotency_key")
    list_filter = (StateFilter, QueueFilter)
    search_fields = ("=id",)
    search_help_text = gettext_lazy("A message's number or idempotency key")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = ("replay_all", "drop_all")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        if not (term := search_term.strip()):
            return queryset, False
        if (number := _number(term)) >= 0:
            return queryset.filter(pk=number), False
        keys = [made.queue for made in consumers()]  # the index of keys is led by the queue
        return queryset.filter(queue__in=keys, idempotency_key=term), False

    def show(self, request: HttpRequest, pk: str) -> HttpResponse:
        message = Message.objects.defer("body").filter(pk=_number(pk)).first()
        if message is None:
            raise Http404
        verbs = self.buttons(self.verbs if message.dead_at else ())
        title = _("Message %d") % message.pk
        errors = [{**error, "at": parse_datetime(error["at"])} for error in reversed(message.errors)]
        return self.page(
            request, "workflows/message.html", title=title, message=message, errors=errors, verbs=verbs,
            state=state_of(message), label=STATES[state_of(message)],
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Replay the dead letters"), permissions=["change"])
    def replay_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "replay", queryset)

    @admin.action(description=gettext_lazy("Drop the dead letters"), permissions=["change"])
    def drop_all(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.do_all(request, "drop", queryset)

    @admin.display(description=gettext_lazy("state"))
    def state(self, message: Message) -> str:
        state = state_of(message)
        return render_to_string("workflows/_chip.html", {"status": state, "label": STATES[state]})

    @admin.display(description=gettext_lazy("due at"))
    def due(self, message: Message) -> Any:
        return message.due_at

    @admin.display(description=gettext_lazy("last error"))
    def last_error(self, message: Message) -> str | None:
        if not message.errors:
            return None
        return f"{message.errors[-1].get('type', '')}: {message.errors[-1].get('message', '')}"[:200]


def state_of(message: Message) -> str:
    if message.dead_at:
        return "dead"
    if message.acknowledged_at:
        return "acknowledged"
    held = message.claim and message.due_at and message.due_at > clock.now()
    return "flight" if held else "waiting"
