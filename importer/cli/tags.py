"""``blobfix tags``."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from importer.cli.console import tell
from importer.cli.remote import DEFAULT_TIMEOUT, PasswordStdin, PlainHttp, RemoteOptions, Timeout, Username
from importer.transport.registry import Repository
from importer.transport.sources import connect

EXAMPLES: Final = """\b
Examples:
  blobfix tags registry.example/team/app
  blobfix tags https://host.example/artifactory/api/docker/docker-local/v2/team/app
"""


def tags(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE|URL", help="The repository.")],
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
) -> None:
    """List a repository's tags, one per line, in the registry's order."""
    options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet=False)
    place = options.registry_place(reference)
    repository = Repository(connect(place, options.surroundings(), options.login()), place)
    for tag in repository.tags():
        tell(tag)
