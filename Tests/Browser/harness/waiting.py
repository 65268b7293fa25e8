"""The only way in which these tests wait: for a condition, with a deadline, never for a time."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

DEADLINE = 60.0
"""Seconds. Generous, because a passing test never uses it up and a loaded machine may need it."""


def eventually(what: str, condition: Callable[[], Value], within: float = DEADLINE, every: float = 0.05) -> Value:
    """Calls `condition` until it answers something true, and returns that.

    Fails with `what` and the last answer once `within` seconds have passed.
    """
    end = time.monotonic() + within
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {within:g} s: {what} (last answer: {value!r})")
        pause.wait(every)
