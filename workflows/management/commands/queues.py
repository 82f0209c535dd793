"""Queues from the command line: show, send, handle dead letters. Exit status 0: done, 1: refused, 2: wrong usage."""

from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta

from django.core.management.base import CommandError, CommandParser

from workflows.core.definitions import get_consumer
from workflows.management.console import REFUSED, ConsoleCommand, duration, json_text
from workflows.models import Message
from workflows.monitoring import readings
from workflows.transitions import messages

BATCH = 500


class Command(ConsoleCommand):
    help = "Show queues, send messages, replay and drop dead letters."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = self.verbs(parser)
        self.verb(verbs, "list", self.list_queues, "list the queues")
        send = self.verb(verbs, "send", self.send, "put a message in a queue")
        send.add_argument("queue")
        send.add_argument("body", type=json_text, metavar="JSON")
        send.add_argument("--delay", type=duration, default=timedelta(0), metavar="5m")
        send.add_argument(
            "--key", metavar="TEXT", help="idempotency key: a second message with the same key is not sent"
        )
        for name, act, text in (
            ("replay", self.replay, "deliver dead letters again"),
            ("drop", self.drop, "delete dead letters"),
        ):
            found = self.verb(verbs, name, act, text)
            found.add_argument("queue")
            which = found.add_mutually_exclusive_group(required=True)
            which.add_argument("id", nargs="*", type=int, default=[])
            which.add_argument("--all", action="store_true", help="all dead letters of the queue")

    def list_queues(self, _options: Namespace) -> None:
        self.table(
            [
                {
                    "queue": queue.name,
                    "waiting": queue.depth,
                    "oldest_seconds": round(queue.oldest.total_seconds()),
                    "in_flight": queue.in_flight,
                    "done_last_hour": queue.acknowledged_last_hour,
                    "dead": queue.dead,
                    "paused": queue.is_paused,
                }
                for queue in readings.queues()
            ]
        )

    def send(self, options: Namespace) -> None:
        message = messages.send(options.queue, options.body, delay=options.delay, idempotency_key=options.key)
        self.done(message=message.pk, changed=True)

    def replay(self, options: Namespace) -> None:
        self._deal(messages.replay, options)

    def drop(self, options: Namespace) -> None:
        self._deal(messages.drop, options)

    def _deal(self, transition: Callable[..., int], options: Namespace) -> None:
        """Apply it to the given dead letters, or to all, in bounded transactions; refuse ids of anything else."""
        get_consumer(options.queue)
        dead = Message.objects.dead().filter(queue=options.queue).order_by("pk")
        if not options.all:
            found = set(dead.filter(pk__in=options.id).values_list("pk", flat=True))
            if unknown := [str(pk) for pk in options.id if pk not in found]:
                text = f"Not a dead letter of {options.queue}: {', '.join(unknown)}. Nothing changed."
                raise CommandError(text, returncode=REFUSED)
            self.done(count=transition(sorted(found)))
            return
        count = 0
        while ids := list(dead.values_list("pk", flat=True)[:BATCH]):
            count += transition(ids)
        self.done(count=count)
