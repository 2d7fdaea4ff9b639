"""Servers that speak S3, and what the tests do with their buckets past the code that is tested."""

from __future__ import annotations

import itertools
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import pytest
from obstore.store import S3Store

from importer.places.cloud.store import CloudStore, cloud_store_of
from tests.programs.command import find_in_environment
from tests.programs.process import Server

LOGIN = ("test", "testtest")
BUCKET = "blobs"
OF_THE_MACHINE = ("AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3")
"""Settings that have nothing to do with the tests."""

_NUMBERS = itertools.count(1)


class S3Server(ABC):
    """One that is started and ended with ``with``; ``endpoint`` is its URL."""

    PROGRAM: ClassVar[str]
    PACKAGE: ClassVar[str]

    endpoint = ""
    _server: Server | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that starts it, with free ports."""

    def __init__(self, folder: Path) -> None:
        self.program = find_in_environment(self.PROGRAM, self.PACKAGE)
        self.folder = folder

    def __enter__(self) -> Self:
        self._server = Server(self.command(), self.folder / "log.txt")
        self._server.wait_for(self._ping)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server:
            # What it has goes with its folder; SeaweedFS takes its time to leave a cluster of one.
            self._server.stop(grace=0.5)

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it."""
        login = {"AWS_ACCESS_KEY_ID": LOGIN[0], "AWS_SECRET_ACCESS_KEY": LOGIN[1]}
        return {**login, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.endpoint}

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the environment lead to it."""
        for name in OF_THE_MACHINE:
            monkeypatch.delenv(name, raising=False)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def client(self) -> S3Store:
        """A client of the tests' own."""
        return client_of(self.endpoint)

    def new_place(self) -> CloudStore:
        """A part of the bucket that nobody else uses, as the code that is tested sees it."""
        return cloud_store_of(f"s3://{BUCKET}/place-{next(_NUMBERS)}", self.environment)

    def fill(self, place: CloudStore, objects: Mapping[str, bytes]) -> CloudStore:
        """Have these objects in a place, and no others; gives the place."""
        client = self.client()
        for key in objects_in(place).keys() - objects.keys():
            client.delete(place.full(key))
        for key, content in objects.items():
            client.put(place.full(key), content)
        return place

    def registry_driver(self, place: CloudStore) -> str:
        """The line of docker-registry's configuration by which it has its storage there."""
        key, secret = LOGIN
        login = f"accesskey: {key}, secretkey: {secret}, region: us-east-1, secure: false, v4auth: true"
        return (
            f's3: {{{login}, regionendpoint: "{self.endpoint}", bucket: {BUCKET}, rootdirectory: "/{place.prefix}"}}\n'
            "  redirect: {disable: true}"
        )

    def upload(self, folder: Path, place: CloudStore) -> CloudStore:
        """Have a folder's files in a place; gives the place."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        return self.fill(place, {path.relative_to(folder).as_posix(): path.read_bytes() for path in files})

    def _ping(self) -> bool | None:
        host, _, port = self.endpoint.removeprefix("http://").partition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=5):
                return True
        except OSError:
            return None


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def client_of(endpoint: str) -> S3Store:
    """A client of the tests' own."""
    key, secret = LOGIN
    return S3Store(
        BUCKET,
        endpoint=endpoint,
        aws_endpoint_url_s3=endpoint,
        access_key_id=key,
        secret_access_key=secret,
        region="us-east-1",
        client_options={"allow_http": True},
    )


def objects_in(place: CloudStore) -> dict[str, bytes]:
    """Everything in a place, also what is in no listing."""
    client = client_of(place.endpoint)
    keys = [each["path"] for page in client.list(place.prefix) for each in page]
    return {key[len(place.prefix) :].lstrip("/"): bytes(client.get(key).bytes()) for key in keys}
