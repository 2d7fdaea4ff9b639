"""Azurite: Microsoft's own stand-in for Azure Blob Storage (npm: azurite, installed by tests/install-programs.sh)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import sys
import urllib.request
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from obstore.store import AzureStore

from importer.places.cloud.store import CloudStore, cloud_store_of
from tests.programs.command import MissingProgramError, find
from tests.programs.process import Server
from tests.programs.s3_server import free_ports

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The one login that every Azurite has, from its documentation."""

_CONTAINER = "blobs"
_MAIN = Path(sys.prefix, "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js")


class Azurite:
    """Its blob service, with one container; is started and ended with ``with``."""

    def __init__(self, folder: Path) -> None:
        self._node = find("node", "nodejs")
        if not _MAIN.exists():
            raise MissingProgramError("azurite is not installed; get it with: sh tests/install-programs.sh")
        self._folder = folder
        self._port = free_ports(1)[0]
        self.endpoint = f"http://127.0.0.1:{self._port}/{ACCOUNT}"

    def __enter__(self) -> Self:
        place = ["--blobHost", "127.0.0.1", "--blobPort", str(self._port), "--location", str(self._folder)]
        options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        self._server = Server([self._node, str(_MAIN), *place, *options], self._folder / "log.txt")
        self._server.wait_for(self._ping)
        self._make_container()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(grace=0.5)

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the environment lead to it."""
        monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", self.endpoint)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT)
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)

    def fill(self, prefix: str, objects: Mapping[str, bytes]) -> CloudStore:
        """Have these objects below a prefix; gives the place."""
        for key, content in objects.items():
            self._client().put(f"{prefix}/{key}", content)
        return cloud_store_of(f"az://{_CONTAINER}/{prefix}", {"AZURE_STORAGE_ENDPOINT": self.endpoint})

    def objects_in(self, place: CloudStore) -> dict[str, bytes]:
        """Everything in a place, also what is in no listing."""
        client = self._client()
        keys = [each["path"] for page in client.list(place.prefix) for each in page]
        return {key[len(place.prefix) + 1 :]: bytes(client.get(key).bytes()) for key in keys}

    def _client(self) -> AzureStore:
        config = {"endpoint": self.endpoint, "account_name": ACCOUNT, "account_key": KEY}
        return AzureStore(_CONTAINER, config=config, client_options={"allow_http": True})  # type: ignore[arg-type]

    def _ping(self) -> bool | None:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5):
                return True
        except OSError:
            return None

    def _make_container(self) -> None:
        # obstore makes none. Source: Microsoft's "Authorize with Shared Key", for a request without a body.
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
        named = "".join(f"{name}:{value}\n" for name, value in headers.items())
        text = f"PUT{chr(10) * 12}{named}/{ACCOUNT}/{ACCOUNT}/{_CONTAINER}\nrestype:container"
        signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
        headers["Authorization"] = f"SharedKey {ACCOUNT}:{signature}"
        url = f"{self.endpoint}/{_CONTAINER}?restype=container"
        request = urllib.request.Request(url, method="PUT", headers=headers)
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()
