"""``blobfix tags``."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from importer.cli.console import tell
from importer.cli.options import TextOrJson
from importer.cli.remote import DEFAULT_TIMEOUT, PasswordStdin, PlainHttp, RemoteOptions, Timeout, Username
from importer.transport.registry import Repository
from importer.transport.sources import connect

EXAMPLES: Final = """\b
Examples:
  blobfix tags registry.example/team/app
  blobfix tags https://host.example/artifactory/api/docker/docker-local/v2/team/app
  blobfix tags --format json registry.example/team/app | jq -r '.tags[]'
"""


def tags(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE|URL", help="The repository.")],
    username: Username = None,
    password_stdin: PasswordStdin = False,
    plain_http: PlainHttp = False,
    timeout: Timeout = DEFAULT_TIMEOUT,
    format: Annotated[TextOrJson, typer.Option("--format", help="The list's format.")] = TextOrJson.TEXT,  # noqa: A002
) -> None:
    """List a repository's tags, one per line, in the registry's order."""
    options = RemoteOptions(username, password_stdin, plain_http, timeout, quiet=False)
    place = options.registry_place(reference)
    repository = Repository(connect(place, options.surroundings(), options.login()), place)
    if format is TextOrJson.JSON:
        answer = {"name": place.repository, "tags": list(repository.tags())}
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    for tag in repository.tags():
        tell(tag)
