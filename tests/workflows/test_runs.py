import pytest

from tests.workflows.definitions import calls, three_steps, written
from workflows import engine
from workflows.testing import run_until_idle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


def test_a_run_executes_its_steps_once_and_returns():
    run = engine.start(three_steps, {"start": 1})
    run_until_idle()
    run.refresh_from_db()
    assert (run.status, run.output, run.error) == ("succeeded", '{"one":2,"two":"two"}', None)
    assert calls == {"one": 1, "three": 1}
    assert written("two") == 1
    assert list(run.steps.values_list("key", "status", "attempt")) == [
        ("one", "succeeded", 1),
        ("two", "succeeded", 1),
        ("three", "succeeded", 1),
    ]
