"""``blobfix serve``."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

import typer

from importer.cli.console import tell
from importer.cli.requests import WriteOptions, with_write_options
from importer.cli.working import at_work
from importer.cli.writing import conclude
from importer.conversion import convert
from importer.errors import UsageError
from importer.places.opener import Opener
from importer.places.store import Store
from importer.plan.images import Plan
from importer.progress import Progress
from importer.writers.destination import OpenDestination
from importer.writers.destinations.registry_tree import pull_command
from importer.writers.named_image import NamedImage
from importer.writers.outputs import REGISTRY_TREE
from importer.writers.selection import Choice, Selection, choose
from importer.writers.verifying_reader import VerifyingReader

if TYPE_CHECKING:
    from starlette.applications import Starlette

EXAMPLES: Final = """\b
Examples:
  blobfix serve ./downloads
  docker pull localhost:5000/team/app:1.4
"""

_SECONDS_TO_END: Final = 2

INSTALL: Final = "pip install 'starlette>=0.40' 'uvicorn>=0.30'"
"""What the extra blobfix[serve] is made of: blobfix itself is on no index that pip asks."""


@with_write_options("salvage", "convert_schema1", "deep", "replace_tags", "no_sync")
def serve(
    options: WriteOptions,
    *,
    port: Annotated[
        int,
        typer.Option("--port", metavar="PORT", min=0, max=65535, help="The port to listen on; 0 picks a free one."),
    ] = 5000,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="ADDRESS", help=("The address to listen on; other machines may be able to reach it.")
        ),
    ] = "127.0.0.1",
) -> None:
    """Serve these images as a read-only registry, until Ctrl-C.

    Blobs are served directly from the files that hold them, and only once they are proven.
    """
    question, choice = options.question(), options.choice()
    opener = Opener()
    service = _Service(opener, since=time.time_ns())
    with _listening(host, port) as listener:
        with at_work(options.jobs, shows_progress=options.shows_progress, opener=opener) as executor:
            served = convert(question, choice, service, executor)
        conclude(served, quiet=options.quiet, verb="served")
        if served.result:
            if not options.quiet:
                _tell_address(served.images[0], listener)
            _run(served.result, listener)


@dataclass(frozen=True, slots=True)
class _Service:
    """The images go nowhere: they are given out.

    Attributes:
        opener: opens the files.
        since: when they were read first, in nanoseconds.
    """

    opener: Opener
    since: int
    replace_tags: ClassVar[bool] = False

    def check(self, inputs: Iterable[Store]) -> None:
        """Nothing is written."""

    @contextmanager
    def opened(self, reader: VerifyingReader, progress: Progress) -> Iterator[_OpenService]:  # noqa: ARG002 (no bar)
        """There is nothing to begin."""
        yield _OpenService(self, reader)


class _OpenService(OpenDestination["Starlette"]):
    def __init__(self, service: _Service, reader: VerifyingReader) -> None:
        self._service = service
        self._reader = reader

    def choose(self, plan: Plan, choice: Choice) -> Selection:
        """The images that a registry can serve."""
        return choose(plan, choice, REGISTRY_TREE, self._reader)

    def write(self, images: Sequence[NamedImage]) -> Starlette:
        """The application that gives them out."""
        return _application(images, self._service)


def _application(images: Sequence[NamedImage], service: _Service) -> Starlette:
    try:
        import uvicorn  # noqa: F401, PLC0415 (likewise)

        from importer.server.application import RegistryApplication  # noqa: PLC0415 (an extra may be missing)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        raise UsageError(f"serve needs {missing}, which isn't installed; get it with: {INSTALL}") from error
    from importer.server.repositories import repositories_of  # noqa: PLC0415 (together with the above)
    from importer.server.verdicts import Verdicts  # noqa: PLC0415

    reader = VerifyingReader(service.opener)
    return RegistryApplication(repositories_of(images, reader), Verdicts(service.since, reader), service.opener).asgi()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(f"can't listen on {host}, port {port}: {error.strerror}; choose another --port") from error


def _tell_address(image: NamedImage, listener: socket.socket) -> None:
    address, port = listener.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    tell(f"Serving at http://{shown}:{port}/ until Ctrl-C. To pull from it:")
    tell(f"  {pull_command(image, f'localhost:{port}')}")


def _run(application: Starlette, listener: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 (the extra is there, as starlette was)

    from importer.server.connections import MOST_CONNECTIONS, LimitedConnection  # noqa: PLC0415 (likewise)
    from importer.server.log_lines import OneLine  # noqa: PLC0415 (likewise)

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        http=LimitedConnection,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    logging.getLogger("uvicorn.error").addFilter(OneLine())
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        # Ctrl-C is how a server is meant to end.
        return
