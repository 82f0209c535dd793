"""Styles and scripts: sizes come from tokens, pages get one sheet, modules are fetched together."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from project.templatetags.scripts import imports

STATIC = Path(settings.BASE_DIR, "project/static")
SHEETS = [path for path in Path(settings.BASE_DIR).glob("*/static/*/*.css") if path.name != "tokens.css"]


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sizes_of_text_and_corners_are_tokens(path):
    text = path.read_text()
    sizes = re.findall(r"(?:font-size|font|border(?:-\w+)*-radius):([^;}]*)", text)
    # Weights, line heights and what is round are no sizes.
    beside_tokens = r"var\(--[\w-]+\)|\binherit\b|\b[4-6]\d0\b|/[\d.]+|\b0\b|\b50%"
    assert not [size for size in sizes if re.sub(beside_tokens, "", size).strip()]
    tokens = (STATIC / "css/tokens.css").read_text()
    assert {name for name in re.findall(r"var\((--(?:text|radius)-\w+)\)", text) if f"{name}:" not in tokens} == set()


def test_a_page_asks_for_one_sheet_with_all_of_them(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "project.staticfiles.HashedStorage"}}
    call_command("collectstatic", interactive=False, verbosity=0)
    for name in ("site", "admin"):
        [sheet] = tmp_path.glob(f"css/{name}.*.css")
        text = sheet.read_text()
        assert "@import" not in text
        assert "--text-body:" in text
    [sheet] = tmp_path.glob("css/site.*.css")
    for part in SHEETS:
        if part.parent.name == "css" and part.name not in ("admin.css", "site.css"):
            assert part.read_text().strip().splitlines()[-1] in sheet.read_text(), part.name
    [app] = tmp_path.glob("js/app.*.js")
    assert len(re.findall(r"""import\(?["']\./\w+\.[0-9a-f]{12}\.js["']""", app.read_text())) == 12


def test_every_sheet_of_the_pages_is_in_the_one():
    named = set(re.findall(r'url\("([^"]+)"\)', (STATIC / "css/site.css").read_text()))
    assert named == {path.name for path in STATIC.glob("css/*.css")} - {"site.css", "admin.css"}


def test_what_a_module_imports_is_known_before_it_is_read():
    found = imports("js/app.js")
    assert {"js/menus.js", "js/escape.js", "js/toast.js"} <= set(found)
    assert "js/uploads.js" not in found
    assert len(found) == len(set(found))
    assert all(finders.find(name) for name in found)


def test_nothing_else_knows_the_escape_key():
    assert [path.name for path in STATIC.glob("js/*.js") if "Escape" in path.read_text()] == ["escape.js"]
