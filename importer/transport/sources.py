"""From a place to the image in it: the one spot that knows all kinds of place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from importer.domain.places import Place, RegistryPrefix, StoragePlace
from importer.errors import InputError
from importer.transport.artifactory import ArtifactoryFolder
from importer.transport.client import Client, Surroundings
from importer.transport.credentials import AccessToken, ApiKey, Credentials, Password
from importer.transport.docker_config import DockerConfig, config_path
from importer.transport.header_values import token
from importer.transport.registry import Repository
from importer.transport.remote_image import RemoteImage

PASSWORD_VARIABLE = "BLOBFIX_PASSWORD"  # noqa: S105 - the name of a variable, not a password
TOKEN_VARIABLE = "BLOBFIX_TOKEN"  # noqa: S105 - likewise
API_KEY_VARIABLE = "BLOBFIX_API_KEY"


@dataclass(frozen=True, slots=True)
class Login:
    """What the user gave to be let in with.

    Attributes:
        password: a name and a password from the command line and its input.
        environment: where tokens, keys and docker's settings are looked for.
    """

    password: Password | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    def credentials_for(self, place: Place | RegistryPrefix) -> Credentials | None:
        """What was said for this run, else what docker keeps; raises InputError."""
        if self.password:
            return self.password
        if secret := self._secret(TOKEN_VARIABLE):
            return AccessToken(secret)
        if secret := self._secret(API_KEY_VARIABLE):
            return ApiKey(secret)
        return DockerConfig.read(config_path(self.environment)).credentials_for(_server_of(place))

    def _secret(self, variable: str) -> str | None:
        """What stands in a variable, as far as a header can hold it; raises InputError."""
        value = self.environment.get(variable)
        if value and token(value) is None:
            raise InputError(f"{variable} has a character that tokens can't contain, perhaps a space or a line break")
        return value


def connect(place: Place | RegistryPrefix, surroundings: Surroundings, login: Login) -> Client:
    """The client of a place's server."""
    eager = isinstance(place, StoragePlace)
    return Client(place.base, surroundings, lambda: login.credentials_for(place), eager=eager)


def open_image(place: Place, surroundings: Surroundings, login: Login) -> RemoteImage:
    """The image at a place; nothing is asked of the server yet."""
    client = connect(place, surroundings, login)
    if isinstance(place, StoragePlace):
        return ArtifactoryFolder(client, place)
    return Repository(client, place)


def repository_of(place: Place) -> str:
    """What the image is called, without its server."""
    return place.image if isinstance(place, StoragePlace) else place.repository


def tag_of(place: Place) -> str | None:
    """Under which tag the image is saved; None when only its digest was given."""
    if place.digest and (isinstance(place, StoragePlace) or place.tag is None):
        return None
    return place.tag or "latest"


def _server_of(place: Place | RegistryPrefix) -> str:
    if not isinstance(place, StoragePlace) and place.shown_host:
        return place.shown_host
    return f"{place.base.authority}{place.base.path}"
