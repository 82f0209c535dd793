import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from workflows.worker.processes import Child

pytestmark = pytest.mark.database

NAP = "import time; time.sleep(60)"
TREE = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {NAP!r}]); {NAP}"


def wait_for(condition, *, seconds: float = 10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    return pytest.fail(f"did not come true within {seconds} s")


def family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def test_killing_ends_the_whole_group():
    child = Child([sys.executable, "-c", TREE])
    child.start()
    pid = child._process.pid
    people = wait_for(lambda: len(family(pid)) == 2 and family(pid))
    child.kill()
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in people))
    assert child.stopped()


def test_a_child_that_dies_is_due_again_at_once_and_later_if_it_keeps_dying():
    child = Child([sys.executable, "-c", "raise SystemExit(3)"])
    assert child.due()
    child.start()
    assert not child.due()
    child.steady = 0.0  # a first death after a good run
    assert wait_for(child.reap) == 3
    assert child.reap() is None
    assert child.due()
    child.steady = 60.0
    child.start()
    wait_for(child.reap)
    assert not child.due()


@pytest.mark.skipif(sys.platform != "linux", reason="needs prctl(2)")
def test_a_child_dies_with_a_killed_parent():
    code = (
        "import sys, time; from workflows.worker.processes import Child; "
        "c = Child([sys.executable, '-c', 'import time; time.sleep(60)']); c.start(); "
        "print(c._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    grandchild = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not grandchild.is_running() or grandchild.status() == "zombie")
