import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join, json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

_IMPORT = re.compile(r"""^import (?:[^"']+ from )?["'](\.[^"']+)["'];""", re.MULTILINE)


@register.simple_tag
def preload_modules(name: str) -> SafeString:
    """Let the browser fetch a module's imports along with it, not after reading it."""
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(one),) for one in imports(name)))


@register.simple_tag
def failure_words() -> SafeString:
    """Say to js/toast.js what failed: by status, by class of status, or with no answer at all."""
    words = {
        "offline": _(
            "No answer from Holdfast. Your change may not have been saved. Check your connection and try again."
        ),
        "outdated": _("This page is out of date. Nothing was changed. Reload it and try again."),
        "403": _("You don't have permission to do this. Nothing was changed."),
        "404": _("This no longer exists. Reload the page to see what has changed."),
        "413": _("That is too much at once. Nothing was changed."),
        "429": _("Too many attempts. Wait a moment, then try again."),
        "429-until": _("Too many attempts. Try again in {seconds} s."),
        "4xx": _("This was refused. Nothing was changed. Reload the page and try again."),
        "5xx": _("Something went wrong. Your change may not have been saved. Try again in a moment."),
    }
    return json_script(words, "failure-words")


@cache
def imports(name: str) -> tuple[str, ...]:
    """Return the modules that this one imports when it is loaded, and those that they import, each once."""
    found = finders.find(name)
    assert isinstance(found, str), f"There is no {name} among the static files."
    direct = [normpath(join(dirname(name), path)) for path in _IMPORT.findall(Path(found).read_text())]
    return tuple(dict.fromkeys([*direct, *(one for each in direct for one in imports(each))]))
