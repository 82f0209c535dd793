"""How styles and scripts are served: as they are while developing, joined and hashed by collectstatic."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

_IMPORT = re.compile(r"""^@import url\("([\w.-]+\.css)"\);\n""", re.MULTILINE)


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed static files, with the imports inside JavaScript modules hashed as well.

    A sheet that imports others of its folder is stored with their text in it, so that a page asks for one file.
    """

    support_js_module_import_aggregation = True

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        sheets = {name: place for name, place in paths.items() if name.endswith(".css")}
        joined = {name: (_Joined(*place), name) for name, place in sheets.items()}
        yield from super().post_process(paths | joined, *args, **options)


class _Joined:
    """The storage of one sheet, with what it imports in the places of its imports."""

    def __init__(self, storage: Any, path: str) -> None:
        self._storage, self._path = storage, path

    def open(self, _name: str) -> ContentFile[bytes]:
        return ContentFile(self._read(self._path).encode())

    def path(self, _name: str) -> str:
        return str(self._storage.path(self._path))

    def _read(self, path: str) -> str:
        with self._storage.open(path) as file:
            text = file.read().decode()
        folder = path.rpartition("/")[0]
        return _IMPORT.sub(lambda found: self._read(f"{folder}/{found[1]}".lstrip("/")), text)
