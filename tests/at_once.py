"""Two connections at once, on whichever database the tests run on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import Any

from django.db import close_old_connections, connection, transaction


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """Run the verbs in threads that start together; return what each returned or raised."""
    barrier = Barrier(len(verbs))

    def run(verb: Callable[[], Any]) -> Any:
        close_old_connections()
        try:
            barrier.wait(timeout=10)
            return verb()
        except Exception as error:  # noqa: BLE001 - the test compares it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run, verbs))


def during(change: Callable[[], Any], then: Callable[[], Any], *, finish: Callable[[], Any] = lambda: None) -> Any:
    """Start `then` in another thread while the transaction of `change` is open; return what it returned or raised.

    `finish` goes on in that transaction, once `then` waits for it: whoever takes locks in another order is found out.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change()
            late = pool.submit(at_once, then)
            wait([late], timeout=0.5)  # it reads what it can, and waits for the lock
            finish()
        return late.result()[0]
