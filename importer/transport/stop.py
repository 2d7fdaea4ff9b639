"""Stopping work that is spread over threads: at the next block, out of any sleep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait

from importer.errors import NetworkError


class Stop:
    """A flag that all threads of one command look at."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """End all work."""
        self._event.set()

    def check(self) -> None:
        """Raise CancelledError once work is to end."""
        if self._event.is_set():
            raise CancelledError

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than there is work; raises CancelledError."""
        if self._event.wait(seconds):
            raise CancelledError


def run_all(tasks: Iterable[Callable[[], None]], jobs: int, stop: Callable[[], None]) -> None:
    """Run tasks, several at once, all of them even when a server refuses some.

    What was saved of the others counts; so a NetworkError is raised at the end. Any other error,
    and an interrupt, stops all tasks by ``stop`` and is raised at once.
    """
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            refusals = _wait_for(futures)
        except BaseException:
            stop()
            pool.shutdown(cancel_futures=True)
            raise
    if refusals:
        more = f" (and {len(refusals) - 1} more like it)" if len(refusals) > 1 else ""
        raise NetworkError(f"{refusals[0]}{more}") from refusals[0]


def _wait_for(futures: list[Future[None]]) -> list[NetworkError]:
    refusals = []
    waiting = set(futures)
    while waiting:
        # With a limit of time, so that an interrupt reaches this thread on every system.
        done, waiting = wait(waiting, timeout=0.5, return_when="FIRST_COMPLETED")
        for future in done:
            error = future.exception()
            if isinstance(error, NetworkError):
                refusals.append(error)
            elif error:
                raise error
    return refusals
