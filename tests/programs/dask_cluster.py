"""A Dask cluster of real processes: a scheduler, and workers that can be killed, blinded or taken for older ones."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

from tests.blobfix import HOME
from tests.programs.process import Server
from tests.programs.s3_server import free_ports

SPOILED = Path(__file__).with_name("spoiled_worker.py")
"""What a worker loads first; the environment says what is wrong with it."""


class DaskCluster:
    """One that is started and ended with ``with``; ``address`` is its scheduler's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.address = f"127.0.0.1:{self.port}"
        self.workers: list[Server] = []
        self._numbers = itertools.count(1)

    def __enter__(self) -> DaskCluster:
        listening = ["--host", "127.0.0.1", "--port", str(self.port)]
        self.scheduler = self._start("scheduler", [*listening, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"])
        self.scheduler.wait_for(lambda: True if "Scheduler at" in self.scheduler.read_log() else None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_workers()
        self.scheduler.stop(grace=2)

    @property
    def engine(self) -> str:
        """What the command line calls it."""
        return f"dask://{self.address}"

    def have_workers(self, *environments: Mapping[str, str]) -> None:
        """Have these workers and no others: processes with folders of their own, which have joined."""
        self.end_workers()
        started = [self._start_worker(each) for each in environments]
        for worker in started:
            worker.wait_for(partial(_has_joined, worker))

    def end_workers(self) -> None:
        """Have none."""
        for worker in self.workers:
            worker.stop(grace=2)
        self.workers.clear()

    def _start_worker(self, environment: Mapping[str, str]) -> Server:
        name = f"worker-{next(self._numbers)}"
        folder = self.folder / name
        folder.mkdir()
        options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60"]
        arguments = [self.address, *options, "--local-directory", str(folder), "--preload", str(SPOILED)]
        worker = self._start(name, arguments, {**environment, "PYTHONPATH": str(HOME)}, ["env", "-C", str(folder)])
        self.workers.append(worker)
        return worker

    def _start(
        self, name: str, arguments: list[str], environment: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> Server:
        command = [sys.executable, "-m", "dask", name.partition("-")[0], *arguments]
        return Server([*prefix, *command], self.folder / f"{name}.log", environment)


def _has_joined(worker: Server) -> bool | None:
    return "Registered to" in worker.read_log() or None
