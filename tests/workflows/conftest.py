import pytest
from django.contrib.auth.models import Permission

from tests.workflows import definitions
from workflows.core import emit
from workflows.models import Run


@pytest.fixture(autouse=True)
def nothing_done():
    for done in (definitions.calls, definitions.failing, definitions.received, definitions.shape):
        done.clear()
    emit.take()


@pytest.fixture
def ended():
    """Return a function that reads a run, which must have ended so, and returns its output or error."""
    from workflows.core import codec

    def read(run: Run, status: str = "succeeded"):
        run.refresh_from_db()
        assert run.status == status, (run.status, run.error, run.waiting_for)
        return codec.decode(run.output) if run.output else run.error

    return read


def _permitted(user, *verbs):
    wanted = Permission.objects.filter(content_type__app_label="workflows")
    user.user_permissions.set([one for one in wanted if one.codename.partition("_")[0] in verbs])
    return user


@pytest.fixture
def operator(make_user):
    """Staff who may view and steer background work, and nothing else."""
    return _permitted(make_user("Olga", is_staff=True), "view", "change")


@pytest.fixture
def viewer(make_user):
    """Staff who may only look."""
    return _permitted(make_user("Vera", is_staff=True), "view")
