from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workflows.worker.supervisor import Supervisor, run_cluster


class Command(BaseCommand):
    help = "Run background jobs until stopped, replacing processes that die or go silent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cluster", metavar="NAME", help="used by the worker itself: run only its processes")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["cluster"]:
            run_cluster(name=options["cluster"])
        else:
            Supervisor().run()
