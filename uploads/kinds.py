"""What may be uploaded: the one list of it. SVG and HTML never: they are programs."""

from django.db import models


class Type(models.TextChoices):
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"
    GIF = "image/gif", "GIF"
    WEBP = "image/webp", "WebP"
    AVIF = "image/avif", "AVIF"
    PDF = "application/pdf", "PDF"
