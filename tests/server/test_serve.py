"""The registry over recovered images, asked by real clients and by hostile ones."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import shlex
import socket
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from importer.domain.digest import Digest
from importer.server.connections import LimitedConnection
from tests.damage import append, cut_at, gunzip_in_place
from tests.images.content import sample_layers
from tests.images.generated import (
    GeneratedImage,
    GeneratedIndex,
    make_image,
    write_artifactory_folder,
    write_artifactory_index,
)
from tests.in_process import run
from tests.programs.containerd import Containerd
from tests.programs.dockerd import Dockerd
from tests.programs.podman import Podman
from tests.programs.process import Server
from tests.programs.skopeo import Skopeo

API = "/v2/team/app"


@dataclass(frozen=True)
class Reply:
    """What the server answered; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.body)
        return value

    @property
    def error_code(self) -> str:
        code: str = json.loads(self.body)["errors"][0]["code"]
        return code


class Blobfix:
    """``blobfix serve`` in a process of its own."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._server = Server([sys.executable, "-m", "importer", "serve", *arguments, "--port", "0"], log)
        self.host = self._server.wait_for(self._address)

    def _address(self) -> str | None:
        words = self._server.read_log().split()
        return next((word.split("/")[2] for word in words if word.startswith("http://")), None)

    @property
    def log(self) -> str:
        return self._server.read_log()

    def ask(self, path: str, method: str = "GET", **headers: str) -> Reply:
        """One request; ``if_range`` is the header If-Range."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read())
        finally:
            connection.close()

    def stop(self) -> None:
        self._server.stop()


Start = Callable[..., Blobfix]


@contextmanager
def starting(logs: Path) -> Iterator[Start]:
    """A function ``start(path, *options)`` that serves a folder; all end with the context."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def one(path: Path, *options: str) -> Blobfix:
            server = Blobfix([str(path), *options], logs / f"serve{next(numbers)}.log")
            stack.callback(server.stop)
            return server

        yield one


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as start:
        yield start


@pytest.fixture
def folder(whole_image: GeneratedImage, tmp_path: Path) -> Path:
    return write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")


@pytest.fixture(scope="module")
def served(whole_image: GeneratedImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blobfix]:
    """One server for all tests that only ask it."""
    place = tmp_path_factory.mktemp("served")
    write_artifactory_folder(whole_image, place / "in" / "team" / "app" / "1.4")
    with starting(place) as start:
        yield start(place / "in")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blobfix]:
    """Five tags of one repository."""
    place = tmp_path_factory.mktemp("many")
    for tag in ("1", "10", "2", "b", "a"):
        write_artifactory_folder(make_image(sample_layers(tag, 3000)), place / "in" / "team" / "app" / tag)
    with starting(place) as start:
        yield start(place / "in")


@pytest.fixture
def disturbed(start: Start, folder: Path) -> Blobfix:
    """A server of the test's own, whose files may be changed, and whose connections may be used up."""
    return start(folder.parents[2])


class TestClients:
    def test_skopeo(self, served: Blobfix, skopeo: Skopeo, whole_image: GeneratedImage, tmp_path: Path) -> None:
        for reference in (":1.4", f"@{whole_image.manifest_digest}"):
            target = tmp_path / reference[1:4]
            skopeo.copy(f"docker://{served.host}/team/app{reference}", f"dir:{target}", "--preserve-digests")
            assert (target / "manifest.json").read_bytes() == whole_image.manifest

    def test_docker(self, served: Blobfix, dockerd: Dockerd, whole_image: GeneratedImage) -> None:
        assert dockerd.pull(f"{served.host}/team/app:1.4") == str(whole_image.image_id)
        by_digest = f"{served.host}/team/app@{whole_image.manifest_digest}"
        assert dockerd.pull(by_digest) == str(whole_image.image_id)

    def test_podman(self, served: Blobfix, podman: Podman, whole_image: GeneratedImage) -> None:
        assert podman.pull(f"{served.host}/team/app:1.4") == str(whole_image.image_id)
        assert podman.pull(f"{served.host}/team/app@{whole_image.manifest_digest}") == str(whole_image.image_id)

    def test_containerd(self, served: Blobfix, containerd: Containerd, whole_image: GeneratedImage) -> None:
        digest = str(whole_image.manifest_digest)
        assert containerd.pull(f"{served.host}/team/app:1.4") == digest
        assert containerd.pull(f"{served.host}/team/app@{digest}") == digest

    def test_blobfix(self, served: Blobfix, whole_image: GeneratedImage, tmp_path: Path) -> None:
        assert run("pull", f"{served.host}/team/app:1.4", "-o", tmp_path / "out").code == 0
        assert run("scan", tmp_path / "out").code == 0

    def test_an_index(self, start: Start, skopeo: Skopeo, whole_index: GeneratedIndex, tmp_path: Path) -> None:
        write_artifactory_index(whole_index, tmp_path / "in" / "team" / "app" / "1.4")
        server = start(tmp_path / "in")
        skopeo.copy(f"docker://{server.host}/team/app:1.4", f"dir:{tmp_path / 'd'}", "--all", "--preserve-digests")
        assert (tmp_path / "d" / "manifest.json").read_bytes() == whole_index.manifest


class TestPulling:
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_manifests_by_tag_and_digest(self, served: Blobfix, whole_image: GeneratedImage, method: str) -> None:
        for reference in ("1.4", whole_image.manifest_digest):
            reply = served.ask(f"{API}/manifests/{reference}", method)
            assert reply.status == 200
            assert reply.headers["content-type"] == whole_image.media_type
            assert reply.headers["docker-content-digest"] == str(whole_image.manifest_digest)
            assert reply.headers["content-length"] == str(len(whole_image.manifest))
            assert reply.body == (whole_image.manifest if method == "GET" else b"")

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_blobs(self, served: Blobfix, whole_image: GeneratedImage, method: str) -> None:
        for digest, content in whole_image.blobs.items():
            reply = served.ask(f"{API}/blobs/{digest}", method)
            assert (reply.status, reply.headers["content-length"]) == (200, str(len(content)))
            assert reply.body == (content if method == "GET" else b"")

    @pytest.mark.parametrize(
        ("header", "first", "last"),
        [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=1000-", 1000, None), ("bytes=-7", -7, None),
         ("bytes=5-99999999999", 5, None), ("bytes=-99999999999", 0, None)],
    )  # fmt: skip
    def test_ranges(
        self, served: Blobfix, whole_image: GeneratedImage, header: str, first: int, last: int | None
    ) -> None:
        layer = whole_image.layers[0]
        start = first % len(layer) if first < 0 else first
        end = len(layer) - 1 if last is None else last
        reply = served.ask(f"{API}/blobs/{Digest.of(layer)}", range=header)
        assert (reply.status, reply.body) == (206, layer[start : end + 1])
        assert reply.headers["content-range"] == f"bytes {start}-{end}/{len(layer)}"

    @pytest.mark.parametrize(
        "header", ["bytes=9-3", "bytes=a-b", "lines=1-2", "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000))]
    )
    def test_ranges_that_are_none_or_too_many_get_everything(
        self, served: Blobfix, whole_image: GeneratedImage, header: str
    ) -> None:
        reply = served.ask(f"{API}/blobs/{whole_image.layer_digests[0]}", range=header)
        assert (reply.status, reply.body) in ((200, whole_image.layers[0]), (431, reply.body), (400, reply.body))

    @pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
    def test_ranges_behind_the_end(self, served: Blobfix, whole_image: GeneratedImage, header: str) -> None:
        reply = served.ask(f"{API}/blobs/{whole_image.layer_digests[0]}", range=header)
        assert (reply.status, reply.body) == (416, b"")
        assert reply.headers["content-range"] == f"bytes */{len(whole_image.layers[0])}"

    @pytest.mark.parametrize("form", ['"{digest}"', 'W/"{digest}"', '"other", "{digest}"', "*"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_what_the_client_has_is_not_sent_again(
        self, served: Blobfix, whole_image: GeneratedImage, form: str, method: str
    ) -> None:
        for kind, reference, digest in (
            ("manifests", "1.4", whole_image.manifest_digest),
            ("blobs", whole_image.layer_digests[0], whole_image.layer_digests[0]),
        ):
            path = f"{API}/{kind}/{reference}"
            etag = served.ask(path, "HEAD").headers["etag"]
            assert etag == f'"{digest}"'
            reply = served.ask(path, method, if_none_match=form.format(digest=digest))
            assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
            assert served.ask(path, method, if_none_match='"another"').status == 200

    def test_if_range(self, served: Blobfix, whole_image: GeneratedImage) -> None:
        path = f"{API}/blobs/{whole_image.layer_digests[0]}"
        etag = served.ask(path, "HEAD").headers["etag"]
        assert served.ask(path, range="bytes=5-", if_range=etag).status == 206
        assert served.ask(path, range="bytes=5-", if_range='"other"').status == 200

    @pytest.mark.parametrize(
        "path",
        [
            "/", "/v1/", "/v2/..", "/v2/team/app/../../etc/passwd", "/v2/team/app/manifests/1.5",
            "/v2/team/app/manifests/..", "/v2/team/app/blobs/sha256:..%2f..%2fetc%2fpasswd",
            "/v2/team/app/blobs/..%2f..%2f..%2fetc%2fpasswd", f"/v2/team/app/blobs/sha256:{'0' * 64}",
            "/v2/team/other/manifests/1.4", "/v2//manifests/1.4", "/v2/team/app/tags/all", "/v2/team%00/tags/list",
        ],
    )  # fmt: skip
    def test_what_is_not_there(self, served: Blobfix, path: str) -> None:
        reply = served.ask(path)
        assert reply.status == 404
        assert reply.json["errors"]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_nothing_can_be_changed(self, served: Blobfix, method: str) -> None:
        assert served.ask(f"{API}/blobs/uploads/", method).status == 405

    def test_the_root_says_that_it_is_a_registry(self, served: Blobfix) -> None:
        for path in ("/v2", "/v2/"):
            reply = served.ask(path)
            assert (reply.status, reply.headers["docker-distribution-api-version"]) == (200, "registry/2.0")


class TestDiscovery:
    def test_tags_page_by_page(self, many: Blobfix) -> None:
        assert many.ask(f"{API}/tags/list").json == {"name": "team/app", "tags": ["1", "10", "2", "a", "b"]}
        pages, path = [], f"{API}/tags/list?n=2"
        while path:
            reply = many.ask(path)
            pages.append(reply.json["tags"])
            path = reply.headers.get("link", "").partition(">")[0].lstrip("<")
        assert pages == [["1", "10"], ["2", "a"], ["b"]]
        assert run("tags", f"{many.host}/team/app").output.split() == ["1", "10", "2", "a", "b"]
        listed = json.loads(run("tags", "--format", "json", f"{many.host}/team/app").output)
        assert listed == {"name": "team/app", "tags": ["1", "10", "2", "a", "b"]}

    @pytest.mark.parametrize(("query", "status"), [("n=0", 200), ("n=x", 400), ("n=-1", 400), ("n=99999999999", 400)])
    def test_odd_page_sizes(self, many: Blobfix, query: str, status: int) -> None:
        assert many.ask(f"{API}/tags/list?{query}").status == status

    def test_catalog(self, many: Blobfix) -> None:
        assert many.ask("/v2/_catalog").json == {"repositories": ["team/app"]}

    @pytest.mark.parametrize("subject", ["1.4", "sha256:12", "sha256:" + "A" * 64, "x" * 5000, ":", "%00"])
    def test_referrers_of_what_is_no_digest(self, many: Blobfix, subject: str) -> None:
        reply = many.ask(f"{API}/referrers/{subject}")
        assert (reply.status, reply.error_code) == (400, "DIGEST_INVALID")

    def test_referrers(self, start: Start, whole_image: GeneratedImage, tmp_path: Path) -> None:
        write_artifactory_folder(whole_image, tmp_path / "in" / "team" / "app" / "1.4")
        signature = make_image(sample_layers("signature", 100), docker=False)
        value = json.loads(signature.manifest)
        value["subject"] = {key: whole_image.descriptor[key] for key in ("mediaType", "digest", "size")}
        value["artifactType"] = "application/vnd.example.signature"
        place = write_artifactory_folder(signature, tmp_path / "in" / "team" / "app" / "1.4.sig")
        (place / "manifest.json").write_text(json.dumps(value))
        server = start(tmp_path / "in")
        path = f"{API}/referrers/{whole_image.manifest_digest}"
        (found,) = server.ask(path).json["manifests"]
        assert found["artifactType"] == "application/vnd.example.signature"
        assert found["digest"] == str(Digest.of((place / "manifest.json").read_bytes()))
        other = server.ask(f"{path}?artifactType=other")
        assert (other.json["manifests"], other.headers["oci-filters-applied"]) == ([], "artifactType")
        same = server.ask(f"{path}?artifactType=application/vnd.example.signature")
        assert (same.json["manifests"], same.headers["oci-filters-applied"]) == ([found], "artifactType")
        for unfiltered in (path, f"{path}?artifactType="):
            reply = server.ask(unfiltered)
            assert (reply.json["manifests"], "oci-filters-applied" in reply.headers) == ([found], False)
            assert reply.headers["content-type"] == "application/vnd.oci.image.index.v1+json"
        # A 404 says that there is no such API (distribution-spec, "Listing Referrers").
        for repository in (API, "/v2/unknown/app"):
            nothing = server.ask(f"{repository}/referrers/sha256:{'0' * 64}")
            assert (nothing.status, nothing.json["manifests"]) == (200, [])


class TestTruth:
    def test_a_file_that_changed_is_not_given_out(
        self, disturbed: Blobfix, folder: Path, whole_image: GeneratedImage
    ) -> None:
        digest = whole_image.layer_digests[0]
        path = f"{API}/blobs/{digest}"
        assert disturbed.ask(path).status == 200
        append(folder / digest.file_name, b"x")
        assert disturbed.ask(path).status == 500
        (folder / digest.file_name).write_bytes(whole_image.layers[0])
        assert disturbed.ask(path).status == 200
        (folder / digest.file_name).unlink()
        assert disturbed.ask(path).status == 500

    def test_a_mended_layer_is_given_out_whole_and_in_parts(
        self, start: Start, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        layer, digest = whole_image.layers[0], whole_image.layer_digests[0]
        append(folder / digest.file_name, b"something after the end")
        server = start(tmp_path / "in")
        assert server.ask(f"{API}/blobs/{digest}").body == layer
        assert server.ask(f"{API}/blobs/{digest}", range="bytes=100-").body == layer[100:]
        assert server.ask(f"{API}/blobs/{digest}", range="bytes=100-199").body == layer[100:200]

    def test_a_gunzipped_layer_is_given_out_in_its_own_bytes(
        self, start: Start, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        layer, digest = whole_image.layers[0], whole_image.layer_digests[0]
        gunzip_in_place(folder / digest.file_name)
        server = start(tmp_path / "in")
        assert server.ask(f"{API}/manifests/1.4").body == whole_image.manifest
        assert server.ask(f"{API}/blobs/{digest}").body == layer
        assert server.ask(f"{API}/blobs/{digest}", range="bytes=100-199").body == layer[100:200]

    def test_a_gunzipped_layer_needs_a_new_digest_otherwise(
        self, start: Start, skopeo: Skopeo, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        gunzip_in_place(folder / whole_image.layer_digests[0].file_name)
        server = start(tmp_path / "in", "--no-recompress", "--allow-new-digest")
        skopeo.copy(f"docker://{server.host}/team/app:1.4", f"dir:{tmp_path / 'dir'}", "--preserve-digests")
        config = json.loads((tmp_path / "dir" / "manifest.json").read_bytes())["config"]["digest"]
        assert config == str(whole_image.image_id)

    def test_whole_images_are_served_beside_damaged_ones(
        self, start: Start, folder: Path, whole_image: GeneratedImage, tmp_path: Path
    ) -> None:
        other = make_image(sample_layers("other", 50_000))
        place = write_artifactory_folder(other, tmp_path / "in" / "team" / "app" / "1.5")
        cut_at(place / other.layer_digests[0].file_name, 100)
        server = start(tmp_path / "in")
        assert server.ask(f"{API}/tags/list").json["tags"] == ["1.4"]
        assert "Not served" in server.log


class TestRudeClients:
    def test_three_hundred_half_requests_lock_nobody_out(self, disturbed: Blobfix, whole_image: GeneratedImage) -> None:
        host, _, port = disturbed.host.rpartition(":")
        with ExitStack() as stack:
            for _ in range(300):
                client = stack.enter_context(socket.create_connection((host, int(port))))
                client.sendall(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow:")
            assert disturbed.ask("/v2/").status == 200
            assert disturbed.ask(f"{API}/manifests/1.4").body == whole_image.manifest

    def test_one_that_never_reads_disturbs_nobody(self, disturbed: Blobfix, whole_image: GeneratedImage) -> None:
        host, _, port = disturbed.host.partition(":")
        silent = []
        for _ in range(20):
            connection = socket.create_connection((host, int(port)))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(f"GET {API}/blobs/{whole_image.layer_digests[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            silent.append(connection)
        assert disturbed.ask(f"{API}/blobs/{whole_image.layer_digests[1]}").body == whole_image.layers[1]
        for connection in silent:
            connection.close()

    @pytest.mark.parametrize("text", [b"\x16\x03\x01\x02\x00\x01", b"GET /v2/ HTTP/9.9\r\n\r\n", b"x" * 100_000])
    def test_one_that_talks_nonsense(self, disturbed: Blobfix, text: bytes) -> None:
        host, _, port = disturbed.host.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        assert disturbed.ask("/v2/").status == 200


class TestConnections:
    """The time limits, with a clock that the test moves."""

    class Loop:
        def __init__(self) -> None:
            self.at = 0.0
            self.due: list[tuple[float, Callable[[], None], list[bool]]] = []

        def time(self) -> float:
            return self.at

        def call_later(self, delay: float, call: Callable[[], None]) -> object:
            alive = [True]
            self.due.append((self.at + delay, call, alive))
            return SimpleNamespace(cancel=lambda: alive.__setitem__(0, False))

        def pass_time(self, seconds: float) -> None:
            self.at += seconds
            for due, call, alive in self.due:
                if alive[0] and due <= self.at:
                    alive[0] = False
                    call()

    class Transport(asyncio.Transport):
        aborted = False

        def get_extra_info(self, name: str, default: object = None) -> object:
            return default

        def abort(self) -> None:
            self.aborted = True

    def connect(self, loop: Loop, state: ServerState) -> tuple[LimitedConnection, Transport]:
        config = Config(lambda: None, lifespan="off", ws="none")
        config.load()
        connection = LimitedConnection(config=config, server_state=state, app_state={}, _loop=loop)
        transport = self.Transport()
        connection.connection_made(transport)
        return connection, transport

    def test_a_head_has_ten_seconds_however_often_a_byte_comes(self) -> None:
        loop = self.Loop()
        connection, transport = self.connect(loop, ServerState())
        connection.data_received(b"GET /v2/ HTTP/1.1\r\n")
        for _ in range(9):
            loop.pass_time(1)
            connection.data_received(b"X-A: b\r\n")
        assert not transport.aborted
        loop.pass_time(1)
        assert transport.aborted

    def test_an_answer_that_is_not_read_has_a_minute(self) -> None:
        loop = self.Loop()
        connection, transport = self.connect(loop, ServerState())
        connection.pause_writing()
        connection.resume_writing()
        loop.pass_time(1000)
        connection, transport = self.connect(loop, ServerState())
        connection.pause_writing()
        loop.pass_time(60)
        assert transport.aborted

    def test_the_connection_that_has_waited_longest_makes_room(self) -> None:
        loop, state = self.Loop(), ServerState()
        transports = []
        for _ in range(70):
            loop.at += 0.01
            transports.append(self.connect(loop, state)[1])
        assert [transport.aborted for transport in transports] == [True] * 6 + [False] * 64


class TestCommand:
    @pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
    def test_without_its_extra_it_says_how_to_get_it(
        self, folder: Path, missing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in [name for name in sys.modules if name.partition(".")[0] == missing or "server" in name]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, missing, None)
        outcome = run("serve", folder.parents[2], "--port", "0", "--no-progress")
        assert outcome.code == 2
        assert f"serve needs {missing}, which isn't installed" in outcome.output
        words = shlex.split(outcome.output.partition("get it with: ")[2])
        required = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
        assert words == ["pip", "install", *required["project"]["optional-dependencies"]["serve"]]

    def test_ends_well_when_it_is_told_to(self, folder: Path, tmp_path: Path) -> None:
        server = Blobfix([str(tmp_path / "in")], tmp_path / "serve.log")
        server.stop()
        assert "Traceback" not in server.log

    def test_a_port_that_is_taken(self, folder: Path, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            outcome = run("serve", tmp_path / "in", "--port", port)
        assert outcome.code == 2
        assert "choose another --port" in outcome.output


def test_a_wrong_label_is_put_right_when_a_new_digest_is_allowed(
    start: Start, skopeo: Skopeo, whole_image: GeneratedImage, tmp_path: Path
) -> None:
    wrong = whole_image.manifest.replace(b".diff.tar.gzip", b".diff.tar")
    folder = write_artifactory_folder(replace(whole_image, manifest=wrong), tmp_path / "in" / "team" / "app" / "1.4")
    kept, corrected = start(folder.parents[2]), start(folder.parents[2], "--allow-new-digest")
    assert skopeo.raw_manifest(f"docker://{kept.host}/team/app:1.4").encode() == wrong
    value = json.loads(skopeo.raw_manifest(f"docker://{corrected.host}/team/app:1.4"))
    assert value == json.loads(whole_image.manifest)
    assert f"(new; the original's was {Digest.of(wrong)})" in corrected.log
