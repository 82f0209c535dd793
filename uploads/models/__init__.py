"""Uploads and the space they take up.

Lock order: the upload, then its owner's usage. Usage changes by differences, so that it may be counted again at any
time.
"""

from uploads.models.queries import State
from uploads.models.stray import Stray, StrayKind
from uploads.models.upload import NotUploaded, Upload
from uploads.models.usage import Usage

__all__ = ["NotUploaded", "State", "Stray", "StrayKind", "Upload", "Usage"]
