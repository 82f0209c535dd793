#!/usr/bin/env python
"""Run a management command; a wrong setting ends in one line and exit status 2."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the settings before any command can bury their error
    except ImproperlyConfigured as error:
        sys.stderr.write(f"holdfast: {error}\n")
        sys.exit(2)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
