#!/usr/bin/env python
"""Run a management command; an invalid setting or an unusable database ends it with one line and exit status 2."""

import os
import signal
import sys


def main() -> None:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import Error

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings before any command can hide their error
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, Error) as error:
        if "--traceback" in sys.argv:
            raise
        sys.stderr.write(f"holdfast: {_reason(error)}\n")
        sys.exit(2)


def _reason(error: Exception) -> str:
    from django.db import Error

    if not isinstance(error, Error):
        return str(error)
    from project.operations.prepare import unusable

    return unusable(error)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        # Before the slow imports, and until Fleet.run: Python would react to Ctrl-C late, with a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
