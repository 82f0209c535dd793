"""Runs from the command line: show and control them. Exit status 0: done, 1: refused, 2: wrong usage."""

import argparse
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.db import transaction

from workflows.core import clock, codec
from workflows.core.errors import UnknownRun
from workflows.management.console import ConsoleCommand, duration, json_text
from workflows.models import Run, RunStatus, Step
from workflows.transitions import pruning, steering

BATCH = 500
VERBS: dict[str, tuple[Callable[..., Any], str]] = {
    "pause": (steering.pause, "stop a run before its next step"),
    "resume": (steering.resume, "let a paused run continue"),
    "cancel": (steering.cancel, "end a run and its children"),
    "retry": (steering.retry, "let a failed run continue, keeping its results"),
}


class Command(ConsoleCommand):
    help = "Show and control runs of workflows."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = self.verbs(parser)
        found = self.verb(verbs, "list", self.list_runs, "list runs, newest first")
        found.add_argument("--status", choices=RunStatus.values)
        found.add_argument("--workflow", metavar="NAME")
        found.add_argument("--limit", type=positive, default=50, metavar="N")
        for name, act, text in (
            ("show", self.show, "show a run with its steps"),
            ("events", self.events, "list the events of a run"),
        ):
            self.verb(verbs, name, act, text).add_argument("id")
        for name, (_transition, text) in VERBS.items():
            self.verb(verbs, name, self.steer, text).add_argument("id")
        restart = self.verb(verbs, "restart", self.restart, "start a new run from the same input")
        restart.add_argument("id")
        restart.add_argument("--from-step", metavar="NAME", help="keep the results of the steps before it")
        event = self.verb(verbs, "send-event", self.send_event, "send an event to a run")
        event.add_argument("id")
        event.add_argument("type")
        event.add_argument("--payload", type=json_text, default=None, metavar="JSON")
        prune = self.verb(
            verbs,
            "prune",
            self.prune,
            "delete what finished longer ago than this, and count the rows; dead letters stay",
        )
        prune.add_argument("--older-than", type=duration, required=True, metavar="30d")

    def list_runs(self, options: Namespace) -> None:
        runs = Run.objects.defer("input", "output", "error").order_by("-created_at")
        if options.status:
            runs = runs.in_status(options.status)
        if options.workflow:
            runs = runs.filter(workflow=options.workflow)
        self.table([_summary(run) for run in runs[: options.limit]])

    def show(self, options: Namespace) -> None:
        run = _get(options.id)
        steps = [_step(step, hidden=run.sensitive) for step in run.steps.order_by("position")]
        facts = {
            **_summary(run),
            "version": run.version,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "parent": run.parent_id,
            "worker": run.worker,
            "input": _value(run.input, hidden=run.sensitive),
            "output": _value(run.output, hidden=run.sensitive),
            "error": _error(run.error),
        }
        self.facts(facts, steps=steps)

    def events(self, options: Namespace) -> None:
        run = _get(options.id)
        self.table(
            [
                {
                    "id": event.pk,
                    "type": event.type,
                    "sent_at": event.sent_at,
                    "consumed_at": event.consumed_at,
                    "step": event.step and event.step.key,
                    "payload": _value(event.payload, hidden=run.sensitive),
                }
                for event in run.events.select_related("step").order_by("id")
            ]
        )

    def steer(self, options: Namespace) -> None:
        changed = VERBS[options.verb][0](options.id)
        self.done(run=options.id, changed=changed is not False)

    def restart(self, options: Namespace) -> None:
        made = steering.restart(options.id, from_step=options.from_step)
        self.done(run=made.pk, changed=True)

    def send_event(self, options: Namespace) -> None:
        steering.send_event(options.id, options.type, options.payload)
        self.done(run=options.id, changed=True)

    def prune(self, options: Namespace) -> None:
        before = clock.now() - options.older_than
        deleted = dict.fromkeys(pruning.KINDS, 0)
        for name, forget in pruning.KINDS.items():
            while count := _in_transaction(forget, before):
                deleted[name] += count
        self.facts(deleted)


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 100_000):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100000")
    return int(text)


def _in_transaction(forget: Callable[..., int], before: Any) -> int:
    with transaction.atomic():
        return forget(before, limit=BATCH)


def _get(pk: str) -> Run:
    if run := Run.objects.filter(pk=pk).first():
        return run
    raise UnknownRun(run=pk)


def _summary(run: Run) -> dict[str, Any]:
    done = "" if run.progress_done is None else f"{run.progress_done}/{run.progress_total or '?'}"
    return {
        "id": run.pk,
        "workflow": run.workflow,
        "status": run.status,
        "created_at": run.created_at,
        "progress": done,
        "waiting_for": run.waiting_for,
        "until": run.wake_at if run.status == RunStatus.WAITING else None,
    }


def _step(step: Step, *, hidden: bool) -> dict[str, Any]:
    took = step.finished_at - step.started_at if step.finished_at else None
    return {
        "step": step.key,
        "kind": step.kind,
        "status": step.status,
        "attempt": step.attempt,
        "seconds": None if took is None else round(took / timedelta(seconds=1), 3),
        "until": step.wake_at if step.status == "waiting" else None,
        "result": _value(step.result, hidden=hidden or step.sensitive),
        "error": _error(step.error),
    }


def _value(stored: str | None, *, hidden: bool) -> Any:
    if stored is None:
        return None
    return "(sensitive)" if hidden else codec.decode(stored)


def _error(error: dict[str, Any] | None) -> str | None:
    return f"{error.get('type')}: {error.get('message')}" if error else None
