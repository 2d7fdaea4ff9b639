"""Servers that run beside the tests: started, waited for, and ended by their process id."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_POLL_INTERVAL = 0.02
_DEADLINE = 60.0
_GRACE = 20.0


class ServerError(Exception):
    """A server ended too early or didn't get ready in time; the message holds its log."""


class Server:
    """A child process that writes a log and is asked, again and again, whether it is ready."""

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.log = log
        self._name = Path(arguments[0]).name
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                # Ctrl-C in the terminal is for pytest alone, which then ends the servers in order.
                start_new_session=True,
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self._process.poll() is not None

    def wait_for(self, probe: Callable[[], T | None]) -> T:
        """Call ``probe`` until it gives something; raises ServerError when that can't come any more."""
        end = time.monotonic() + _DEADLINE
        while True:
            result = probe()
            if result is not None:
                return result
            if self._process.poll() is not None:
                raise ServerError(f"{self._name} ended with {self._process.returncode}:\n{self.read_log()}")
            if time.monotonic() > end:
                self.stop()
                raise ServerError(f"{self._name} was not ready after {_DEADLINE:.0f} s:\n{self.read_log()}")
            time.sleep(_POLL_INTERVAL)

    def read_log(self) -> str:
        """Give all that the server has said."""
        return self.log.read_text(errors="replace")

    def stop(self, grace: float = _GRACE) -> None:
        """Ask the server to end, and end it by force when it doesn't within so many seconds."""
        self._process.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
