"""A bulk add as a program starts it: `python -m bench.bulk_add 100000` makes and confirms one for a worker to add."""

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from todos.models import BulkAdd


def start(lines: int = 100_000, *, empty_each: int = 100, wait: float = 60) -> "BulkAdd":
    """Have a new list's owner add so many lines, one in `empty_each` of them empty; return once it is confirmed.

    Raises TimeoutError where no worker has checked the lines within `wait` seconds.
    """
    from django.core.files.base import ContentFile

    from accounts.models import User
    from todos.models import BulkAdd, TodoList

    owner, _made = User.objects.get_or_create(email="bulk@example.com", defaults={"name": "Bulk"})
    todo_list = TodoList.create("Bulk add", by=owner)
    text = "".join(
        "\n" if number % empty_each == 0 else f"{number}: call the plumber about the pipes\n"
        for number in range(1, lines + 1)
    )
    made = BulkAdd.create(todo_list, ContentFile(text.encode()), by=owner, file_name="bench.txt")
    deadline = time.monotonic() + wait
    while not made.checked_at:
        if time.monotonic() > deadline:
            raise TimeoutError("no worker has checked the lines")
        time.sleep(0.05)
        made.refresh_from_db()
    made.confirm(by=owner)
    return made


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    print(start(int(sys.argv[1])).pk)
