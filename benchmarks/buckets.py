"""What a bucket costs: the requests for each object that is listed, read or mended, and the rate of hashing.

Run: python -m benchmarks.buckets [REPOSITORIES] [LARGE] [ROUNDS]. A real S3 server runs on this machine, behind a proxy
that counts the requests; LARGE blobs of 64 MiB are hashed in turn with `rclone hashsum`. 0 REPOSITORIES leave out the
counting.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import statistics
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.measure import BLOBFIX, MIB, run
from importer.domain.digest import Digest
from importer.domain.storage_paths import blob_path
from tests.programs.s3_server import BUCKET, LOGIN, S3Server, client_of
from tests.programs.seaweedfs import SeaweedFS

_LAYERS = 20
_LARGE_MIB = 64
_VOLUME_MIB = 2048
_STORAGE = "docker/registry/v2"
_HELD_BY_EACH_HOP = {"connection", "transfer-encoding"}


def main(repositories: int = 200, large: int = 32, rounds: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder, SeaweedFS(Path(folder), _VOLUME_MIB) as server:
        os.environ.update(server.environment)
        os.environ.pop("AWS_CA_BUNDLE", None)
        if repositories:
            count_requests(server, repositories)
        compare_rates(server, large, rounds)


def count_requests(server: S3Server, repositories: int) -> None:
    objects = registry(repositories)
    fill(server, "registry", objects)
    links = [key for key in objects if key.endswith("link")]
    place = f"s3://{BUCKET}/registry"
    with counting(server.endpoint) as (endpoint, counted):
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        tell(f"{len(objects)} objects listed, {len(links)} links of them read", counted, place, "--quick")
        tell(f"and {len(objects) - len(links)} blobs hashed", counted, place)
        lost = random.Random(1).sample([key for key in links if "_layers" in key], 100)
        client_of(server.endpoint).delete([f"registry/{key}" for key in lost])
        tell(f"{len(lost)} links mended, all read twice", counted, place, "--apply")
        os.environ["AWS_ENDPOINT_URL"] = server.endpoint


def tell(what: str, counted: Counter[str], place: str, *options: str) -> None:
    counted.clear()
    done = run([BLOBFIX, "repair-tree", place, "--quiet", *options])
    each = ", ".join(f"{number} {kind}" for kind, number in sorted(counted.items()))
    print(f"{what}: {each}; {done.seconds:.1f} s, {done.memory // MIB} MiB")


def compare_rates(server: S3Server, large: int, rounds: int) -> None:
    client = client_of(server.endpoint)
    for number in range(large):
        # In pieces, as the system counts the peak of this process as that of those it starts.
        hashed = hashlib.sha256()
        for piece in pieces_of(number):
            hashed.update(piece)
        path = blob_path(Digest("sha256", hashed.hexdigest()))
        client.put(f"large/{_STORAGE}/{path}", pieces_of(number), use_multipart=True)
    key, secret = LOGIN
    remote = f':s3,provider=Other,endpoint="{server.endpoint}",access_key_id={key},secret_access_key={secret}'
    rclone = str(Path(sys.executable).parent / "rclone")
    ours = [BLOBFIX, "repair-tree", f"s3://{BUCKET}/large", "--quiet"]
    theirs = [rclone, "hashsum", "sha256", "--download", "--config", "/dev/null", f"{remote}:{BUCKET}/large"]
    pairs = [(run(ours), run(theirs)) for _ in range(rounds)]
    size = large * _LARGE_MIB
    print(f"{size} MiB, by `blobfix repair-tree` and by `rclone hashsum`, in turn:")
    for mine, its in pairs:
        ratio = mine.seconds / its.seconds
        print(f"{size / mine.seconds:.0f} and {size / its.seconds:.0f} MiB/s; time x {ratio:.2f}")
    median = statistics.median(mine.seconds / its.seconds for mine, its in pairs)
    print(f"median: time x {median:.2f}; {max(mine.memory for mine, _ in pairs) // MIB} MiB of memory")


def pieces_of(number: int) -> Iterator[bytes]:
    source = random.Random(number)
    return (source.randbytes(MIB) for _ in range(_LARGE_MIB))


def registry(repositories: int) -> dict[str, bytes]:
    """Images of 20 layers, of which each ten share all but one."""
    objects: dict[str, bytes] = {}

    def blob(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        objects[f"{_STORAGE}/blobs/sha256/{digest[:2]}/{digest}/data"] = content
        return digest

    for number in range(repositories):
        contents = [b"%d of %d" % (layer, number // 10 if layer else number) for layer in range(_LAYERS)]
        layers = [{"digest": f"sha256:{blob(each)}", "size": len(each), "mediaType": _LAYER} for each in contents]
        config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in layers]}}).encode()
        described = {"digest": f"sha256:{blob(config)}", "size": len(config), "mediaType": _CONFIG}
        body = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": described, "layers": layers}
        manifest = blob(json.dumps(body).encode())
        links = [f"_layers/sha256/{str(each['digest']).removeprefix('sha256:')}" for each in (described, *layers)]
        tag = "_manifests/tags/1"
        links += [f"_manifests/revisions/sha256/{manifest}", f"{tag}/current", f"{tag}/index/sha256/{manifest}"]
        for link in links:
            digest = link.rpartition("/")[2].replace("current", manifest)
            objects[f"{_STORAGE}/repositories/team/app{number}/{link}/link"] = f"sha256:{digest}".encode()
    return objects


_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def fill(server: S3Server, prefix: str, objects: dict[str, bytes]) -> None:
    client = client_of(server.endpoint)
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(lambda key: client.put(f"{prefix}/{key}", objects[key]), objects):
            pass


@contextmanager
def counting(endpoint: str) -> Iterator[tuple[str, Counter[str]]]:
    """A proxy before a server: its URL, and how many requests of each kind came."""
    counted: Counter[str] = Counter()
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(str(urlsplit(endpoint).netloc), counted))
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}", counted
    finally:
        proxy.shutdown()
        proxy.server_close()


def handler_for(host: str, counted: Counter[str]) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            self._upstream = http.client.HTTPConnection(host)

        def finish(self) -> None:
            self._upstream.close()
            super().finish()

        def forward(self) -> None:
            with lock:
                counted["LIST" if "list-type=2" in self.path else self.command] += 1
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                self._upstream.putheader(name, value)
            self._upstream.endheaders(body)
            answer = self._upstream.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*_HELD_BY_EACH_HOP, "content-length"}:
                    self.send_header(name, value)
            size = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", size)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward  # noqa: N815 (as the base class calls them)

    return Handler


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
