from django.urls import path, register_converter
from django.views.generic import RedirectView

from todos.attachments import views as attachments
from todos.attachments.own_files import views as files
from todos.bulk_adds import views as bulk_adds
from todos.items import views as todos
from todos.lists import views as lists
from todos.members import invitation_views as invitations
from todos.members import views as members
from todos.trash import views as trash
from todos.web.converters import IdConverter

register_converter(IdConverter, "id")

app_name = "todos"
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="todos:lists"), name="home"),
    path("lists/", lists.lists, name="lists"),
    path("lists/<id:pk>/", lists.one_list, name="list"),
    path("lists/<id:pk>/edit/", lists.edit, name="list_edit"),
    path("lists/<id:pk>/trash/", lists.trash, name="list_trash"),
    path("lists/<id:pk>/restore/", lists.restore, name="list_restore"),
    path("lists/<id:pk>/members/", members.members, name="members"),
    path("lists/<id:pk>/members/<id:member_pk>/role/", members.role, name="member_role"),
    path("lists/<id:pk>/members/<id:member_pk>/remove/", members.remove, name="member_remove"),
    path("lists/<id:pk>/invitations/", invitations.make_link, name="invitation_link"),
    path("lists/<id:pk>/invitations/<id:invitation_pk>/renew/", invitations.renew, name="invitation_renew"),
    path("lists/<id:pk>/invitations/<id:invitation_pk>/revoke/", invitations.revoke, name="invitation_revoke"),
    path("lists/<id:pk>/leave/", members.leave, name="list_leave"),
    path("todos/<id:pk>/", todos.todo, name="todo"),
    path("todos/<id:pk>/edit/", todos.edit, name="todo_edit"),
    path("todos/<id:pk>/complete/", todos.complete, name="todo_complete"),
    path("todos/<id:pk>/reopen/", todos.reopen, name="todo_reopen"),
    path("todos/<id:pk>/trash/", todos.trash, name="todo_trash"),
    path("todos/<id:pk>/restore/", todos.restore, name="todo_restore"),
    path("todos/<id:pk>/move/", todos.move, name="todo_move"),
    # Forms may send more to this one; see settings.BODY_LIMITS.
    path("todos/<id:pk>/attachments/", attachments.attachments, name="attachments"),
    path("todos/<id:pk>/uploads/<uuid:upload_pk>/dismiss/", attachments.dismiss, name="upload_dismiss"),
    # Forms may send more to the first one; see settings.BODY_LIMITS.
    path("bulk-adds/new/<id:list_pk>/", bulk_adds.new, name="bulk_add_new"),
    path("bulk-adds/<id:pk>/", bulk_adds.bulk_add, name="bulk_add"),
    path("bulk-adds/<id:pk>/confirm/", bulk_adds.confirm, name="bulk_add_confirm"),
    path("bulk-adds/<id:pk>/discard/", bulk_adds.discard, name="bulk_add_discard"),
    path("bulk-adds/<id:pk>/undo/", bulk_adds.undo, name="bulk_add_undo"),
    path("bulk-adds/<id:pk>/report/", bulk_adds.report, name="bulk_add_report"),
    path("attachments/<id:pk>/caption/", attachments.caption, name="attachment_caption"),
    path("attachments/<id:pk>/move/", attachments.move, name="attachment_move"),
    path("attachments/<id:pk>/trash/", attachments.trash, name="attachment_trash"),
    path("attachments/<id:pk>/restore/", attachments.restore, name="attachment_restore"),
    path("attachments/<id:pk>/file/", attachments.file, name="attachment_file"),
    path("attachments/<id:pk>/small/", attachments.small, name="attachment_small"),
    path("attachments/<id:pk>/large/", attachments.large, name="attachment_large"),
    path("attachments/<id:pk>/erase/", files.erase, name="attachment_erase"),
    path("files/", files.files, name="files"),
    path("trash/", trash.trash_page, name="trash"),
]
