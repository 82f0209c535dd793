"""Uploads and what they take up.

Lock order: the upload, then its owner's usage. Usage changes by differences, so that it may be counted anew at any
time.
"""

from uploads.models.stray import Stray, StrayKind
from uploads.models.upload import NotUploaded, State, Upload
from uploads.models.usage import Usage

__all__ = ["NotUploaded", "State", "Stray", "StrayKind", "Upload", "Usage"]
