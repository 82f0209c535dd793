import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_IMPORT = re.compile(r"""^import (?:[^"']+ from )?["'](\.[^"']+)["'];""", re.MULTILINE)


@register.simple_tag
def preload_modules(name: str) -> SafeString:
    """Let the browser fetch what a module imports together with it, not once it has read it."""
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(one),) for one in imports(name)))


@cache
def imports(name: str) -> tuple[str, ...]:
    """Return the modules that this one imports when it is loaded, and those that they import, each once."""
    found = finders.find(name)
    assert isinstance(found, str), f"There is no {name} among the static files."
    direct = [normpath(join(dirname(name), path)) for path in _IMPORT.findall(Path(found).read_text())]
    return tuple(dict.fromkeys([*direct, *(one for each in direct for one in imports(each))]))
