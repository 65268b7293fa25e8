"""Child processes that are always stopped, by id, and whose output is at hand when a test fails."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from .waiting import DEADLINE, eventually


class Process:
    """A running command with a process group of its own, so that its children can be found and ended with it."""

    def __init__(self, name: str, arguments: list[str | Path], environment: dict[str, str] | None = None):
        self.name = name
        self.output: list[str] = []
        self._child = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def line(self, pattern: str, within: float = DEADLINE) -> re.Match[str]:
        """Waits for a line of output that `pattern` is found in."""

        def look() -> re.Match[str] | None:
            found = next((match for text in list(self.output) if (match := re.search(pattern, text))), None)
            if found is None and not self.running:
                raise AssertionError(f"{self.name} ended ({self._child.returncode}) before a line like {pattern!r}\n{self.tail()}")
            return found

        try:
            return eventually(f"{self.name} prints a line like {pattern!r}", look, within)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.tail()}") from None

    def exit_code(self, within: float = DEADLINE) -> int:
        """Waits for the end of the process."""
        code = self._child.wait(within)
        self._reader.join(within)
        return code

    def signal(self, number: int) -> None:
        self._child.send_signal(number)

    def group_is_empty(self) -> bool:
        """Whether nothing that this process started in its group is left."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        """SIGKILL to the whole group: the crash that tests ask for, and the last resort of `stop`."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._child.wait(DEADLINE)

    def stop(self) -> None:
        """Asks the process to end, and ends it."""
        if self.running:
            self.signal(signal.SIGINT)
            try:
                self._child.wait(15)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def tail(self, lines: int = 60) -> str:
        return f"--- {self.name}, last lines of output ---\n" + "\n".join(self.output[-lines:])

    def report(self) -> list[tuple[str, str]]:
        return [(self.name, self.tail())]

    def _read(self) -> None:
        assert self._child.stdout is not None
        for text in self._child.stdout:
            self.output.append(text.rstrip("\n"))
