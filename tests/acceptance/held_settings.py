from project.settings import *  # noqa: F403
from project.settings import S3

UPLOAD_STORE = f"tests.acceptance.held.{'HeldS3Store' if S3 else 'HeldLocalStore'}"
