from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows.worker.supervisor import Supervisor, run_cluster


class Command(BaseCommand):
    help = "Does background jobs until it is stopped, and replaces its processes when they die or go silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cluster", metavar="NAME", help="used by the worker itself: run its processes only")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["cluster"]:
            run_cluster(name=options["cluster"])
        else:
            Supervisor().run()
