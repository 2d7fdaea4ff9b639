"""``blobfix serve``."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from importer.cli.console import progress_shown, tell
from importer.cli.options import (
    AllowNewDigest,
    Borrow,
    Digests,
    Jobs,
    Name,
    Names,
    NameTemplateText,
    NoProgress,
    NoRecompress,
    Paths,
    PlatformOption,
    RecompressLimit,
    Select,
    Silent,
    Sparse,
)
from importer.cli.requests import WriteOptions
from importer.cli.results import pull_command
from importer.cli.writing import conclude, write_images
from importer.errors import UsageError
from importer.places.opener import Opener
from importer.plan.fidelity import Output
from importer.writers.named_image import NamedImage
from importer.writers.selection import choose
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


def serve(
    paths: Paths = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 5000,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to listen at; others than this machine's too.")
    ] = "127.0.0.1",
    name: Name = None,
    names: Names = None,
    name_template: NameTemplateText = None,
    select: Select = None,
    platform: PlatformOption = None,
    digest: Digests = None,
    borrow: Borrow = None,
    allow_new_digest: AllowNewDigest = False,
    sparse: Sparse = False,
    no_recompress: NoRecompress = False,
    recompress_limit: RecompressLimit = None,
    quiet: Silent = False,
    jobs: Jobs = None,
    no_progress: NoProgress = False,
) -> None:
    """Serve these images as a read-only registry, until Ctrl-C.

    Blobs are given out straight from the files they lie in, and only once they are proven.
    """
    options = WriteOptions(
        paths=paths,
        name=name,
        names=names,
        name_template=name_template,
        select=select,
        platform=platform,
        digest=digest,
        borrow=borrow,
        allow_new_digest=allow_new_digest,
        sparse=sparse,
        no_recompress=no_recompress,
        recompress_limit=recompress_limit,
        jobs=jobs,
    )
    question = options.question()
    opener = Opener()
    reader = VerifyingReader(opener)
    pick = partial(choose, choice=options.choice(), output=Output.REGISTRY_TREE, reader=reader)
    since = time.time_ns()
    with _listening(host, port) as listener:
        with progress_shown(wanted=not (quiet or no_progress)) as progress:
            served = write_images(question, pick, partial(_application, opener=opener, since=since), progress, opener)
        conclude(served, quiet=quiet, verb="served")
        if served.result:
            if not quiet:
                _tell_address(served.images[0], listener)
            _run(served.result, listener)


def _application(images: Sequence[NamedImage], opener: Opener, since: int) -> Starlette:
    try:
        import uvicorn  # noqa: F401, PLC0415 (likewise)

        from importer.server.application import RegistryApplication  # noqa: PLC0415 (an extra may be missing)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        raise UsageError(f"serve needs {missing}, which isn't installed; get it with: {INSTALL}") from error
    from importer.server.repositories import repositories_of  # noqa: PLC0415 (together with the above)
    from importer.server.verdicts import Verdicts  # noqa: PLC0415

    reader = VerifyingReader(opener)
    return RegistryApplication(repositories_of(images, reader), Verdicts(since, reader), opener).asgi()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(f"can't listen at {host}, port {port}: {error.strerror}; choose another --port") from error


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
