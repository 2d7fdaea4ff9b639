"""Options of the commands that talk to a server, and how their texts become values."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from importer.cli.console import say
from importer.domain.places import Place, RegistryPlace, RegistryPrefix, parse_place, parse_prefix
from importer.domain.web_pages import image_of_page
from importer.errors import UsageError
from importer.places.durability import Durability
from importer.transport.client import Surroundings
from importer.transport.credentials import Password
from importer.transport.network import Patience
from importer.transport.sources import PASSWORD_VARIABLE, Login

Username = Annotated[
    str | None,
    typer.Option(
        "--username",
        metavar="NAME",
        help=f"Log in with this name; the password comes from --password-stdin or ${PASSWORD_VARIABLE}. "
        "Without it, docker's logins are used, or a token in $BLOBFIX_TOKEN, or an API key in $BLOBFIX_API_KEY.",
    ),
]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]
PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Allow unencrypted http to other machines.")]
Timeout = Annotated[
    float,
    typer.Option("--timeout", min=1, metavar="SECONDS", help=("How long to wait for a server that sends nothing.")),
]
Transfers = Annotated[
    int, typer.Option("-j", "--jobs", min=1, metavar="N", help=("Number of blobs to transfer at once."))
]

DEFAULT_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class RemoteOptions:
    """The options that all these commands share, as they were given."""

    username: str | None
    password_stdin: bool
    plain_http: bool
    timeout: float
    quiet: bool

    def place(self, text: str) -> Place:
        """Read a reference or an address, and say which image a web page shows; raises UsageError."""
        try:
            place = parse_place(text, plain_http=self.plain_http)
            if "://" in text and image_of_page(text):
                self._tell(f"That page shows {place}")
        except ValueError as error:
            raise UsageError(f"{error}") from error
        return place

    def registry_place(self, text: str) -> RegistryPlace:
        """The same for what only a registry can do."""
        place = self.place(text)
        if not isinstance(place, RegistryPlace):
            raise UsageError(f"{text!r} is a folder in Artifactory; this needs a registry, as in host/team/app:1.4")
        return place

    def registry_prefix(self, text: str) -> RegistryPrefix:
        """A registry, or a prefix in one, for images that keep their own repositories; raises UsageError."""
        try:
            return parse_prefix(text, plain_http=self.plain_http)
        except ValueError as error:
            raise UsageError(f"{error}") from error

    def login(self) -> Login:
        """What to log in with; raises UsageError for a name without a password, or the other way round."""
        password = sys.stdin.readline().rstrip("\r\n") if self.password_stdin else os.environ.get(PASSWORD_VARIABLE)
        if self.username is None:
            if self.password_stdin:
                raise UsageError("--password-stdin requires --username")
            return Login()
        if not password:
            raise UsageError(f"--username needs a password, by --password-stdin or in {PASSWORD_VARIABLE}")
        return Login(Password(self.username, password))

    def surroundings(self, durability: Durability | None = None) -> Surroundings:
        """Connections and their patience, with messages to the standard error stream."""
        patience = Patience(min(20.0, self.timeout), self.timeout)
        return Surroundings.of_command(self._tell, patience, durability or Durability())

    def _tell(self, message: str) -> None:
        if not self.quiet:
            say(message)
