"""Chromium as somebody's browser that saves files; ``tests.programs.chromium`` only looks at pages."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.programs.chromium import ALONE, PACKAGE
from tests.programs.command import find

_DEADLINE = 60.0
# The DevTools protocol over two pipes, which have the numbers 3 and 4: no port, and no web socket.
_FLAGS = (*ALONE, "--no-proxy-server", "--remote-debugging-pipe")


class BrowserError(Exception):
    """The browser ended, or said that it could not do what it was asked."""


class Browser:
    """A browser with a profile of its own; start and end it with ``with``."""

    def __init__(self) -> None:
        self._program = find("chromium", PACKAGE)
        self._home = tempfile.TemporaryDirectory(prefix="bf-chromium-", ignore_cleanup_errors=True)
        self._count = 0
        self._events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        read_commands, write_commands = os.pipe()
        read_answers, write_answers = os.pipe()
        # The shell gives the pipes the two numbers that the browser expects, whatever numbers they have here.
        script = f'exec "$0" "$@" 3<&{read_commands} 4>&{write_answers}'
        arguments = [self._program, *_FLAGS, f"--user-data-dir={self._home.name}/profile", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", script, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[read_commands, write_answers],
            env={**os.environ, "HOME": self._home.name},
            start_new_session=True,
        )
        os.close(read_commands)
        os.close(write_answers)
        self._commands = os.fdopen(write_commands, "wb", buffering=0)
        self._answers = os.fdopen(read_answers, "rb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._commands.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()
        self._home.cleanup()

    def download(self, url: str, folder: Path) -> Path:
        """Go to an address that the browser doesn't show but saves; gives the file that it saved."""
        self._events.clear()
        # A browser that hangs is ended, which ends the wait for its next message.
        watchdog = threading.Timer(_DEADLINE, self._process.kill)
        watchdog.start()
        try:
            settings = {"behavior": "allow", "downloadPath": str(folder), "eventsEnabled": True}
            self._ask("Browser.setDownloadBehavior", settings)
            self._ask("Target.createTarget", {"url": url})
            begun = self._wait_for("Browser.downloadWillBegin", url=url)
            self._wait_for("Browser.downloadProgress", guid=begun["guid"], state="completed")
        finally:
            watchdog.cancel()
        return folder / str(begun["suggestedFilename"])

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        self._commands.write(json.dumps({"id": self._count, "method": method, "params": params}).encode() + b"\0")
        while (answer := self._next()).get("id") != self._count:
            self._events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _wait_for(self, method: str, **params: str) -> dict[str, Any]:
        while True:
            event = self._events.pop(0) if self._events else self._next()
            told: dict[str, Any] = event.get("params", {})
            if event.get("method") == method and params.items() <= told.items():
                return told
            if told.get("state") == "canceled":
                raise BrowserError(f"the download was canceled: {told}")

    def _next(self) -> dict[str, Any]:
        message = b""
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise BrowserError(f"chromium has ended with {self._process.wait()}")
            message += byte
        value: dict[str, Any] = json.loads(message)
        return value
