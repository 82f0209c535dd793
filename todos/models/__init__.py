"""To-dos and the lists they are shared in.

Lock order, the same in every verb: lists by ascending id, then memberships, then the bulk add, then the upload with its
owner's usage, then the to-do, then the attachment. A verb that depends on what else is in a list (its owners, its
order) locks the list; one that depends on a single to-do locks only that.
"""

from todos.models.activity import Activity, Verb
from todos.models.attachment import Attachment
from todos.models.bulkadd import BulkAdd
from todos.models.membership import Membership
from todos.models.roles import Role
from todos.models.skippedlines import SkippedLines
from todos.models.todo import Todo
from todos.models.todolist import TodoList

__all__ = ["Activity", "Attachment", "BulkAdd", "Membership", "Role", "SkippedLines", "Todo", "TodoList", "Verb"]
