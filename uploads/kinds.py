"""The one list of file types that can be uploaded. SVG and HTML are never on it, because they are programs."""

from django.db import models


class Type(models.TextChoices):
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"
    GIF = "image/gif", "GIF"
    WEBP = "image/webp", "WebP"
    AVIF = "image/avif", "AVIF"
    PDF = "application/pdf", "PDF"
