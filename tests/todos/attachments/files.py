"""Files for the tests that attach some: pictures, a PDF, and things that say they are."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from todos.attachments.attaching import target
from todos.models import Activity, Attachment, Todo
from uploads.models import Upload
from uploads.stores import store
from workflows.testing import run_until_idle

PDF = (
    b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n103\n%%EOF\n"
)


def picture(width: int = 320, height: int = 200, *, color: str = "seagreen", kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), color).save(out, kind)
    return out.getvalue()


def noise(width: int, height: int, *, kind: str = "PNG") -> bytes:
    """A picture that no format makes small."""
    out = BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, kind)
    return out.getvalue()


def arrived(todo: Todo, data: bytes, *, by: User, name: str = "plan.png", type: str = "image/png") -> Upload:
    """Return an upload whose bytes lie in the store, and whose check is about to begin."""
    upload = Upload.create(name=name, size=len(data), type=type, target=target(todo), by=by)
    arrive(upload, data)
    return upload


def arrive(upload: Upload, data: bytes) -> None:
    store().write(upload.incoming, BytesIO(data), type=upload.type)
    upload.complete(by=upload.owner)


def attach(todo: Todo, *, by: User, name: str = "plan.png", data: bytes | None = None, type: str = "image/png"):
    upload = arrived(todo, data or picture(), by=by, name=name, type=type)
    run_until_idle()
    return Attachment.objects.get(upload=upload)


def names(todo: Todo) -> list[str]:
    return [file.name for file in Attachment.objects.filter(todo=todo).live().select_related("upload").in_order()]


def last_activity() -> Activity:
    return Activity.objects.newest_first()[0]


def form_file(name: str = "plan.png", data: bytes | None = None, type: str = "image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data if data is not None else picture(), type)
