import pytest

from tests.workflows import definitions
from workflows.models import Run


@pytest.fixture(autouse=True)
def nothing_done():
    for done in (definitions.calls, definitions.failing, definitions.received, definitions.shape):
        done.clear()


@pytest.fixture
def ended():
    """Return a function that reads a run, which must have ended so, and returns its output or error."""
    from workflows import codec

    def read(run: Run, status: str = "succeeded"):
        run.refresh_from_db()
        assert run.status == status, (run.status, run.error, run.waiting_for)
        return codec.decode(run.output) if run.output else run.error

    return read
