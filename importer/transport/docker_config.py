"""Credentials where docker keeps them: ``config.json`` and the credential helpers it names.

Sources: docker/cli ``cli/config/configfile/file.go`` and ``cli/config/credentials``;
docker-credential-helpers ``credentials/credentials.go`` (protocol: ``get``, the server on stdin).
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from importer.domain.json_members import child, needed_text, object_of, text, text_map
from importer.domain.reference import DEFAULT_HOST
from importer.errors import InputError
from importer.transport.credentials import AccessToken, Credentials, IdentityToken, Password
from importer.transport.header_values import token

_HUB_KEY: Final = "index.docker.io/v1"
_HELPER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_TIMEOUT: Final = 60.0
_TOKEN_USER: Final = "<token>"  # noqa: S105 - the helpers' word for "the secret is an identity token"
_NOT_FOUND: Final = "credentials not found"

RunHelper = Callable[[str, str], str]
"""Runs a helper's ``get`` for a server; gives its answer, empty when it knows none."""


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where docker's settings are: DOCKER_CONFIG is a folder, by default ``~/.docker``."""
    folder = environment.get("DOCKER_CONFIG")
    return (Path(folder) if folder else Path.home() / ".docker") / "config.json"


def run_helper(name: str, server: str) -> str:
    """Ask ``docker-credential-<name>``; raises InputError when it can't be run or fails."""
    program = f"docker-credential-{name}"
    try:
        result = subprocess.run(  # noqa: S603 - the name is checked, and no shell is involved
            [program, "get"], input=server, capture_output=True, text=True, timeout=_HELPER_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{program}, which docker's config.json names, can't be run: {error}") from error
    if result.returncode and _NOT_FOUND in (result.stdout + result.stderr).lower():
        return ""
    if result.returncode:
        raise InputError(f"{program} gives no credentials for {server}: {(result.stdout or result.stderr).strip()}")
    return result.stdout


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """The part of ``config.json`` that is about credentials."""

    path: Path
    value: Mapping[str, Any]
    run_helper: RunHelper = run_helper

    @classmethod
    def read(cls, path: Path, run_helper: RunHelper = run_helper) -> DockerConfig:
        """Read the file, which may be missing; raises InputError for one that isn't JSON."""
        try:
            value = json.loads(path.read_bytes())
        except FileNotFoundError:
            value = {}
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{path}: docker's settings can't be read: {error}") from error
        return cls(path, value if isinstance(value, dict) else {}, run_helper)

    def credentials_for(self, server: str) -> Credentials | None:
        """What is kept for a registry: its host, with a path when one stands before ``/v2/``.

        Raises InputError for settings of a form that docker doesn't take either.
        """
        try:
            return self._credentials_for(server)
        except ValueError as error:
            raise InputError(f"{self.path}: docker's settings can't be read: {error}") from error

    def _credentials_for(self, server: str) -> Credentials | None:
        wanted = _HUB_KEY if server == DEFAULT_HOST else server
        helpers = text_map(self.value, "credHelpers")
        key = _best_key(wanted, helpers) or (server if server in helpers else None)
        helper = helpers[key] if key else text(self.value, "credsStore")
        found = self._from_helper(helper, key or wanted) if helper else None
        return found or self._from_auths(wanted)

    def _from_helper(self, helper: str, server: str) -> Credentials | None:
        if not _HELPER_NAME.fullmatch(helper):
            raise InputError(f"{self.path}: {helper!r} is not a valid credential helper name")
        answer = self.run_helper(helper, f"https://{server}/" if server == _HUB_KEY else server)
        if not answer.strip():
            return None
        try:
            entry = object_of(json.loads(answer))
            username, secret = needed_text(entry, "Username"), needed_text(entry, "Secret")
        except (ValueError, RecursionError) as error:
            raise InputError(f"docker-credential-{helper} gave an invalid answer") from error
        return IdentityToken(secret) if username == _TOKEN_USER else Password(username, secret)

    def _from_auths(self, server: str) -> Credentials | None:
        auths = child(self.value, "auths") or {}
        key = _best_key(server, auths)
        entry = (child(auths, key) if key else None) or {}
        if secret := text(entry, "identitytoken"):
            return IdentityToken(secret)
        if secret := text(entry, "registrytoken"):
            return AccessToken(self._checked(secret, key))
        if username := text(entry, "username"):
            return Password(username, text(entry, "password"))
        auth = text(entry, "auth")
        return self._decoded(auth, str(key)) if auth else None

    def _checked(self, secret: str, key: str | None) -> str:
        if token(secret) is None:
            raise InputError(f"{self.path}: the entry for {key} has an invalid token")
        return secret

    def _decoded(self, auth: str, key: str) -> Password:
        try:
            username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
        except ValueError:
            colon = ""
        if not colon:
            raise InputError(f"{self.path}: the entry for {key} holds no name and password")
        # Old versions of docker filled the password up with zero bytes.
        return Password(username, password.rstrip("\0"))


def _best_key(server: str, keys: Mapping[str, Any]) -> str | None:
    """The entry for the server itself, or for the longest path that leads to it."""
    fitting = [key for key in keys if _is_for(_normal(key), server)]
    return max(fitting, key=lambda key: len(_normal(key)), default=None)


def _is_for(key: str, server: str) -> bool:
    return server == key or server.startswith(f"{key}/")


def _normal(key: str) -> str:
    bare = key.partition("://")[2] or key
    bare = bare.rstrip("/")
    return bare if bare == _HUB_KEY else bare.removesuffix("/v1").removesuffix("/v2")
