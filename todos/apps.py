from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TodosConfig(AppConfig):
    name = "todos"
    verbose_name = _("To-dos")

    def ready(self) -> None:
        from accounts import extensions
        from todos import workflows
        from todos.attachments import attaching
        from todos.attachments.own_files import page
        from todos.members.subscribers import ADDED_TO_LIST
        from todos.people import exporting, grants, handing_over, purging, subscribers

        attaching.join()
        extensions.register(
            extensions.Extension(
                grants.NAME,
                describe=grants.describe,
                grant=grants.grant,
                export=exporting.export,
                shared=handing_over.shared,
                hand_over=handing_over.hand_over,
                leave=purging.leave,
                purge=workflows.purge_person,
                card=page.card,
                has_begun=subscribers.has_begun,
                mails={ADDED_TO_LIST: _("Email me when someone shares a list with me")},
                limits={
                    "add_member": _("Adding members to a list"),
                    "bulk_add": _("Adding many to-dos at once"),
                    "bulk_add_report": _("Downloading reports"),
                    "search": _("Searching"),
                },
                operators_may=(
                    "todos.change_todolist",
                    "todos.change_todo",
                    "todos.change_attachment",
                    "todos.change_membership",
                    "todos.delete_membership",
                    "todos.change_bulkadd",
                ),
            )
        )
