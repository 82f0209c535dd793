"""Ending the process in the middle of its talk with the store, as kill -9 would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from uploads.stores import store
from workflows.core.crash import Crash

OPERATIONS = ("head", "open", "promote", "write", "delete")


class Calls:
    """The names of what is asked of the store; the `at`-th ends the process, `before` it does anything or `after`."""

    def __init__(self, *, at: int, when: str) -> None:
        self.names: list[str] = []
        self._at, self._when = at, when
        self._depth = 0  # a store may call itself

    def wrap(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **kwargs: Any) -> Any:
            with self._one(name):
                return original(*args, **kwargs)

        @contextmanager
        def opened(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with self._one(name), original(*args, **kwargs) as file:
                yield file

        return opened if name == "open" else asked

    @contextmanager
    def _one(self, name: str) -> Iterator[None]:
        if not self._depth:
            self.names.append(name)
        last = not self._depth and len(self.names) == self._at
        self._depth += 1
        try:
            if last and self._when == "before":
                raise Crash(name)
            yield
            if last:
                raise Crash(name)
        finally:
            self._depth -= 1


@contextmanager
def killed_in_store(monkeypatch: pytest.MonkeyPatch, *, at: int, when: str) -> Iterator[list[str]]:
    """End the block at the `at`-th call of the store; fail where it ends by itself."""
    calls = Calls(at=at, when=when)
    with monkeypatch.context() as patched:
        for name in OPERATIONS:
            patched.setattr(type(store()), name, calls.wrap(name, getattr(type(store()), name)))
        try:
            yield calls.names
        except Crash:
            return
    pytest.fail(f"only {len(calls.names)} calls were made: {calls.names}")
