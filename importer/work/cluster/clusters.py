"""The clusters: one that runs already, and one of this machine's own processes."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from socket import create_connection
from tempfile import TemporaryDirectory
from typing import Any, Final

from distributed import Client, Nanny, Scheduler, Security, SpecCluster, Worker
from distributed.core import rpc

from importer.errors import ClusterError
from importer.places.opener import Opener
from importer.progress import Progress
from importer.words.printable import printable
from importer.work.cluster.executor import DaskExecutor

_PATIENCE: Final = "10s"
_SECONDS_TO_CONNECT: Final = 10


class LocalScheduler(Scheduler):
    """One without the web server that shows what runs."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Don't."""


class LocalWorker(Worker):
    """One without the web server that shows what runs; its process has nothing to say."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        logging.disable(logging.CRITICAL)
        super().__init__(*arguments, **options)

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Don't."""


@contextmanager
def at_cluster(address: str, progress: Progress, opener: Opener) -> Iterator[DaskExecutor]:
    """The executor of a cluster that runs; ``address`` is its scheduler's, HOST:PORT. Raises ClusterError."""
    _silence()
    name = f"dask://{address}"
    host, _, port = address.rpartition(":")
    try:
        # A client that finds nobody complains of itself when it is thrown away.
        create_connection((host.strip("[]"), int(port)), _SECONDS_TO_CONNECT).close()
        asyncio.run(_greet(address))
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, OverflowError) as error:
        raise ClusterError(
            f"{printable(name)}: no Dask scheduler answers; start it there with: dask scheduler"
        ) from error
    with client:
        yield DaskExecutor(client, name, progress, opener)


async def _greet(address: str) -> None:
    """Have a scheduler say what it is: a client waits without end for one that is none. Raises OSError."""
    arguments = Security().get_connection_args("client")
    async with rpc(address, connection_args=arguments) as scheduler:
        await asyncio.wait_for(scheduler.identity(), _SECONDS_TO_CONNECT)


@contextmanager
def at_local_cluster(workers: int, progress: Progress, opener: Opener) -> Iterator[DaskExecutor]:
    """The executor of a cluster of so many processes of this machine; they end with it.

    Other users of the machine can't join: who connects must have a certificate that is made for this cluster.
    """
    _silence()
    with (
        TemporaryDirectory(prefix="blobfix-") as folder,
        _local_cluster(workers, folder) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield DaskExecutor(client, "the local cluster", progress, opener)


@contextmanager
def _local_cluster(workers: int, folder: str) -> Iterator[SpecCluster]:
    with ThreadPoolExecutor(1) as aside:
        starting = aside.submit(_started, workers, folder)
        try:
            yield starting.result()
        finally:
            # One that is interrupted while it starts can be ended only when it has started.
            starting.result().close()


def _started(workers: int, folder: str) -> SpecCluster:
    """Start a cluster from a thread whose children don't get the terminal's Ctrl-C: they are ended in order."""
    if hasattr(signal, "pthread_sigmask"):
        # It lets interrupts through again when it starts.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    security = Security.temporary()
    listening: dict[str, Any] = {"host": "127.0.0.1", "protocol": "tls://", "security": security}
    options = {"nthreads": 1, "memory_limit": 0, "worker_class": LocalWorker, "local_directory": folder}
    # Workers else look a hundred times a second what their threads do.
    options["config"] = {"distributed.worker.profile.enabled": False}
    worker = {"cls": Nanny, "options": {**listening, **options}}
    scheduler = {"cls": LocalScheduler, "options": {**listening, "port": 0, "dashboard": False}}
    return SpecCluster(dict.fromkeys(range(workers), worker), scheduler, security=security)


def _silence() -> None:
    """Nothing of Dask's log on the terminal: what goes wrong is made good, or is an error of blobfix's own.

    It stays so, because what was interrupted may end later than the work.
    """
    for handler in logging.getLogger("distributed").handlers:
        handler.setLevel(logging.CRITICAL + 1)
