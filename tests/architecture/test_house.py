"""The house rules: a folder is a subject, arrows run one way, outsiders come in by the face."""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("workflows", "accounts", "uploads", "todos")  # each may import those before it
MOST_MODULES = 20
FREE = {"models", "migrations"}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in ("project", *APPS)
    for path in (ROOT / top).rglob("*.py")
    if "migrations" not in path.parts
}
FOLDERS = sorted({path.parent for path in MODULES.values()})


def imports(name: str) -> Iterator[tuple[str, str]]:
    """Yield each module of ours that this one imports at run time, with the name it takes, "" for the module itself."""
    tree = ast.parse(MODULES[name].read_text())
    unseen = set(chain.from_iterable(map(ast.walk, filter(_is_for_types, ast.walk(tree)))))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node not in unseen:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in MODULES:
                    yield whole, ""
                elif node.module in MODULES:
                    yield node.module, alias.name


def test_the_import_contract_names_all_of_the_site():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [forbidden] = [set(one["forbidden_modules"]) for one in contracts if one["name"] == "No app knows the site"]
    site = {".".join(name.split(".")[:2]) for name in MODULES if name.startswith("project.")}
    assert forbidden == site - {"project.lib", "project.formats"}


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def folder(name: str) -> str:
    return ".".join(MODULES[name].parent.relative_to(ROOT).parts)


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_is_a_subject(path):
    names = [file.stem for file in path.glob("*.py") if file.stem != "__init__"]
    if path.name in FREE:
        return
    assert len(names) <= MOST_MODULES
    prefixes = Counter(name.partition("_")[0] for name in names)
    assert not [prefix for prefix, count in prefixes.items() if prefix and count > 2], "make a folder of them"


def test_arrows_run_one_way():
    for name in MODULES:
        top = name.partition(".")[0]
        for target, _what in imports(name):
            other = target.partition(".")[0]
            if top in APPS and other == "project":
                assert target.startswith("project.lib."), f"{name} imports {target}: apps know nothing of the site"
            elif top in APPS:
                assert APPS.index(other) <= APPS.index(top), f"{name} imports {target}"
            elif name.startswith("project.lib"):
                assert target.startswith("project.lib"), f"{name} imports {target}: the library knows no app"


def test_no_two_folders_import_each_other():
    """Nor more than two in a circle. The root of an app is left out: it puts its folders together."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for name in MODULES:
        for target, _what in imports(name):
            if "." in folder(name) and "." in folder(target) and folder(name) != folder(target):
                arrows[folder(name)].add(folder(target))
    while loose := [start for start in arrows if _is_loose(start, arrows)]:
        for one in loose:
            del arrows[one]
    circles = [f"{start} -> {', '.join(sorted(ends & arrows.keys()))}" for start, ends in sorted(arrows.items())]
    assert not circles, "\n".join(circles)


def _is_loose(start: str, arrows: dict[str, set[str]]) -> bool:
    return not arrows[start] & arrows.keys() or not any(start in ends for ends in arrows.values())


def test_outsiders_come_in_by_the_face():
    """What a folder's `__init__` offers is imported from there."""
    offered = {name: _offers(path) for name, path in MODULES.items() if path.name == "__init__.py"}
    for name in MODULES:
        for target, what in imports(name):
            inside = folder(target)
            if f"{name}.".startswith(f"{inside}.") or target == inside:
                continue
            assert what not in offered.get(inside, ()), f"{name}: import {what} from {inside}"


def _offers(path: Path) -> set[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


@pytest.mark.parametrize("app", APPS)
def test_templates_name_no_address_of_a_higher_app(app):
    higher = "|".join(APPS[APPS.index(app) + 1 :])
    if not higher:
        return
    for path in (ROOT / app / "templates").rglob("*.*"):
        assert not re.search(rf"""url ["']({higher}):""", path.read_text()), path
