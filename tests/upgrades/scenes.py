"""Each way that the runs of each workflow go. A new workflow needs its scenes here before the next version is kept."""

from contextlib import AbstractContextManager
from datetime import timedelta
from unittest.mock import Mock, patch
from uuid import uuid4

from django.core.files.storage import FileSystemStorage
from django.db import transaction

from tests.upgrades.names import (
    RECHECK,
    VERIFY,
    Attachment,
    AuditKind,
    BulkAdd,
    DataExport,
    Role,
    Run,
    Session,
    StoreError,
    TodoList,
    User,
    auditing,
    deleting,
    engine,
    exporting,
    make_link,
    messages,
    onboarding,
    purging,
    schedules,
    store,
)
from tests.upgrades.playing import PRESENT, Begun, deliver, finish, play_out, scene, wait_for
from tests.upgrades.things import (
    DAY,
    TOO_OLD,
    arrived,
    back_then,
    declared,
    guest,
    guest_with_things,
    named,
    new_bulk_add,
    next_number,
    ready,
)

# --- People ----------------------------------------------------------------------------------------------------------


def newcomer() -> tuple[User, Begun]:
    person = guest()
    with transaction.atomic():
        onboarding.begin(person, send_link=True, by=None)
    return person, Begun(onboarding.run_id(person))


@scene(onboarding.WORKFLOW)
def newcomer_completes() -> Begun:
    person, begun = newcomer()
    todo = TodoList.create("First list", by=person).add("Find the kettle", by=person)

    def complete() -> None:
        todo.complete(by=person)
        deliver("changes.onboarding")

    begun.deeds.append(complete)
    return begun


@scene(onboarding.WORKFLOW, takes=3 * DAY)
def newcomer_gets_a_tip() -> Begun:
    return newcomer()[1]


@scene("purge_member")
def purged() -> Begun:
    request = purging.ask(guest_with_things(), by=named("Sten"), reason="left the company")
    return Begun(request.run_id, [lambda: request.decide(approve=True, by=named("Olga"))])


@scene("purge_member", takes=DAY)
def nobody_approves() -> Begun:
    return Begun(purging.ask(guest(), by=named("Sten"), reason="left the company").run_id)


@scene("purge_member")
def purge_is_refused() -> Begun:
    request = purging.ask(guest(), by=named("Sten"), reason="left the company")
    return Begun(request.run_id, [lambda: request.decide(approve=False, by=named("Olga"))])


@scene("purge_member")
def purge_is_blocked() -> Begun:
    person = guest()
    request = purging.ask(person, by=named("Sten"), reason="left the company")
    shared = TodoList.create("Shared since then", by=person)  # and nobody else owns it
    shared.add_member(named("Bob"), role=Role.EDITOR, by=person, tell=False)
    return Begun(request.run_id, [lambda: request.decide(approve=True, by=named("Olga"))])


@scene(deleting.WORKFLOW, takes=deleting.GRACE)
def goes() -> Begun:
    return Begun(ask_to_delete(guest_with_things()))


@scene(deleting.WORKFLOW)
def stays() -> Begun:
    person = guest()
    return Begun(ask_to_delete(person), [lambda: deleting.cancel(person)])


@scene(deleting.WORKFLOW, takes=deleting.GRACE - deleting.WARN_BEFORE)
def stays_after_all() -> Begun:
    person = guest()
    run = ask_to_delete(person)
    return Begun(run, [lambda: wait_for(run), lambda: deleting.cancel(person)])


def ask_to_delete(person: User) -> str:
    deleting.ask(person, heirs=[])
    return Run.objects.get(workflow=deleting.WORKFLOW, created_by=person).pk


@scene(exporting.WORKFLOW, takes=7 * DAY)
def exported() -> Begun:
    return Begun(ask_to_export(guest_with_things()))


@scene(
    exporting.WORKFLOW,
    takes=timedelta(hours=2),
    weather=lambda: patch.object(FileSystemStorage, "save", side_effect=OSError("the disk is full")),
)
def export_fails() -> Begun:
    return Begun(ask_to_export(guest()))


def ask_to_export(person: User) -> str:
    exporting.ask(person)
    return DataExport.objects.get(person=person, ended_at=None).run_id


# --- To-dos ----------------------------------------------------------------------------------------------------------


@scene("bulk-add")
def added() -> Begun:
    bulk_add = new_bulk_add()
    return Begun(bulk_add.run_id, [lambda: bulk_add.confirm(by=named("Bob"))])


@scene("bulk-add", takes=7 * DAY)
def nobody_confirms() -> Begun:
    return Begun(new_bulk_add().run_id)


@scene("bulk-add-undo")
def undone() -> Begun:
    bulk_add = new_bulk_add()
    _all_added(bulk_add)
    bulk_add.undo(by=named("Bob"))
    return Begun(bulk_add.undo_run_id)


def _all_added(bulk_add: BulkAdd) -> None:
    play_out(Begun(bulk_add.run_id, [lambda: bulk_add.confirm(by=named("Bob"))]))
    bulk_add.refresh_from_db()
    assert bulk_add.added == 13


@scene("delete own lists")
def only_theirs() -> Begun:
    return Begun(engine.start("delete own lists", {"person_id": guest_with_things().pk}).pk)


@scene("empty trash")
def emptied() -> Begun:
    with back_then(PRESENT - timedelta(days=31)):
        alice = named("Alice")
        thrown = TodoList.create("Thrown away", by=alice)
        thrown.add("Sell the ladder", by=alice)
        TodoList.objects.get(name="Flat renovation").add("Buy glue", by=alice).trash(by=alice)
        Attachment.objects.get(upload=ready()).trash(by=named("Bob"))
        Attachment.objects.get(upload=ready()).upload.lose(by=None)
        thrown.trash(by=alice)
    return Begun(engine.start("empty trash", {}).pk)


@scene("forget-bulk-adds")
def bulk_adds_forgotten() -> Begun:
    with back_then(PRESENT - 8 * DAY):
        _all_added(new_bulk_add())
    return Begun(engine.start("forget-bulk-adds", {}).pk)


# --- Uploads ---------------------------------------------------------------------------------------------------------


@scene(VERIFY)
def picture_is_ready() -> Begun:
    return Begun(arrived().run_id)


@scene(VERIFY)
def no_picture() -> Begun:
    return Begun(arrived(b"a letter, not a picture").run_id)


def store_down() -> AbstractContextManager[object]:
    down = Mock(side_effect=StoreError("the disk is away"))
    return patch.multiple(type(store()), head=down, open=down, delete=down)


@scene(VERIFY, takes=timedelta(hours=3), weather=store_down)
def store_is_down() -> Begun:
    return Begun(arrived().run_id)


@scene(RECHECK)
def checked_again() -> Begun:
    upload = ready()
    upload.recheck(by=named("Sten"))
    return Begun(Run.objects.get(workflow=RECHECK, pk__startswith=upload.run_id).pk)


@scene("sweep uploads")
def swept() -> Begun:
    with back_then(TOO_OLD):
        bob, garage = named("Bob"), TodoList.objects.get(name="Garage")
        declared(garage.add("Send the plan", by=bob), by=bob)
        finish(arrived(b"a letter, too").run_id)
    return Begun(engine.start("sweep uploads", {}).pk)


@scene("reconcile usage")
def counted() -> Begun:
    return Begun(engine.start("reconcile usage", {}).pk)


# --- What is tidied each night ---------------------------------------------------------------------------------------


@scene("forget exports")
def exports_forgotten() -> Begun:
    with back_then(PRESENT - 2 * DAY):
        engine.cancel(ask_to_export(guest()))
    return Begun(engine.start("forget exports", {}).pk)


@scene("stop deletions")
def deletions_stopped() -> Begun:
    engine.cancel(ask_to_delete(guest()))
    return Begun(engine.start("stop deletions", {}).pk)


@scene("clear sessions")
def sessions_cleared() -> Begun:
    Session.objects.create(session_key=f"over-{next_number()}", session_data="", expire_date=TOO_OLD)
    return Begun(engine.start("clear sessions", {}).pk)


@scene("prune audit")
def audit_pruned() -> Begun:
    with back_then(TOO_OLD):
        auditing.record(AuditKind.SIGNED_IN, person=named("Bob"))
    return Begun(engine.start("prune audit", {}).pk)


@scene("prune invitations")
def invitations_pruned() -> Begun:
    with back_then(TOO_OLD):
        make_link(by=named("Alice"))
    return Begun(engine.start("prune invitations", {}).pk)


@scene("prune")
def pruned() -> Begun:
    with back_then(PRESENT - timedelta(days=40, seconds=next_number())):
        finish(schedules.fire("clear sessions").pk)
        messages.send("removed uploads", {"upload_id": uuid4()})
        deliver("removed uploads")
    return Begun(engine.start("prune", {}).pk)
