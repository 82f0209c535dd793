"""All that keeping and upgrading a state names of Holdfast: a move is followed here, and nowhere else.

Import `held` first.
"""

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value

from accounts import mail
from accounts.audit import recording as auditing
from accounts.invitations import onboarding
from accounts.invitations.verbs import invite, make_link
from accounts.leaving import deleting, exporting, purging
from accounts.limits.notes import current as limited_now
from accounts.links import password_link
from accounts.models import AuditKind, DataExport, PurgeRequest, PurgeStatus, Session, User
from accounts.signing_in import resetting
from todos.attachments.attaching import target
from todos.bulk_adds import steps as bulk_add_steps
from todos.members import subscribers as new_members
from todos.models import Attachment, BulkAdd, Role, TodoList
from todos.models.bulkadd import State as BulkAddState
from todos.people.grants import place_in
from uploads.models import State as UploadState
from uploads.models import Upload
from uploads.models.upload import RECHECK, VERIFY
from uploads.stores import store
from uploads.stores.base import StoreError
from uploads.verifying import decoding
from workflows import engine
from workflows.core import codec, crash
from workflows.core.definitions import consumers, get_consumer, workflow_names
from workflows.models import Message, Run, Schedule, Step
from workflows.models.runs import FINISHED, RunStatus
from workflows.replay import attempts
from workflows.replay.consuming import consume, new_token
from workflows.replay.execution import execute
from workflows.testing import run_until_idle
from workflows.transitions import messages, schedules
from workflows.transitions.runs import claim

__all__ = [
    "FINISHED",
    "RECHECK",
    "TOTP",
    "VERIFY",
    "Attachment",
    "AuditKind",
    "BulkAdd",
    "BulkAddState",
    "DataExport",
    "Message",
    "PurgeRequest",
    "PurgeStatus",
    "RecoveryCodes",
    "Role",
    "Run",
    "RunStatus",
    "Schedule",
    "Session",
    "Step",
    "StoreError",
    "TodoList",
    "Upload",
    "UploadState",
    "User",
    "attempts",
    "auditing",
    "bulk_add_steps",
    "claim",
    "codec",
    "consume",
    "consumers",
    "crash",
    "decoding",
    "deleting",
    "engine",
    "execute",
    "exporting",
    "format_hotp_value",
    "get_consumer",
    "hotp_value",
    "invite",
    "limited_now",
    "mail",
    "make_link",
    "messages",
    "new_members",
    "new_token",
    "onboarding",
    "password_link",
    "place_in",
    "purging",
    "resetting",
    "run_until_idle",
    "schedules",
    "store",
    "target",
    "workflow_names",
]
