"""What the commands over HTTP are for: they get through, whatever breaks."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.programs.cutting_proxy import CuttingProxy
from tests.programs.docker_registry import DockerRegistry
from tests.transport.faulty_server import Fault, FaultyServer, Seen
from tests.transport.remote_images import expected_files, files_below, offer, put_image, succeed

MIB = 1 << 20


@pytest.fixture(scope="module")
def large_image() -> GeneratedImage:
    """Layers of 40, 20 and 4 MiB that don't compress."""
    chance = random.Random(7)
    return make_image([{"data": chance.randbytes(size * MIB)} for size in (40, 20, 4)])


def size_of(image: GeneratedImage) -> int:
    return sum(map(len, image.blobs.values())) + len(image.manifest)


def test_a_server_that_cuts_every_response(server: FaultyServer, large_image: GeneratedImage, tmp_path: Path) -> None:
    offer(server, large_image)
    chance = random.Random(3)

    def cut(seen: Seen) -> Fault | None:
        return Fault(cut_at=chance.randrange(100_000, 4 * MIB)) if "/blobs/" in seen.path else None

    server.script = cut
    succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path, "--quiet")
    assert files_below(tmp_path) == expected_files(large_image, "team/app/1.4")
    assert server.sent < size_of(large_image) * 1.05


def test_kill_9_again_and_again(server: FaultyServer, large_image: GeneratedImage, tmp_path: Path) -> None:
    offer(server, large_image)
    chance = random.Random(4)
    # Each response stops in its middle, so that the kill always comes while blobs are on their way.
    server.script = lambda seen: (
        Fault(cut_at=chance.randrange(2 * MIB, 6 * MIB), stall=True)
        if "/blobs/" in seen.path and not _is_probe(seen)
        else None
    )
    command = [sys.executable, "-m", "importer", "pull", f"{server.host}/team/app:1.4", "-o", str(tmp_path), "--quiet"]
    for _ in range(6):
        server.stalled.clear()
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _wait_until_all_stand_still(process, server, large_image, tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    server.script = lambda _: None
    succeed("pull", f"{server.host}/team/app:1.4", "-o", tmp_path, "--quiet")
    assert files_below(tmp_path) == expected_files(large_image, "team/app/1.4")
    assert server.sent < size_of(large_image) * 1.05


def _is_probe(seen: Seen) -> bool:
    """Whether it only asks whether what is there is a true beginning."""
    return not seen.headers.get("range", "bytes=0-").endswith("-")


def _wait_until_all_stand_still(
    process: subprocess.Popen[bytes], server: FaultyServer, image: GeneratedImage, folder: Path
) -> None:
    """Wait until every blob is whole, or all that was sent of it is in its partial file and no more comes."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        if process.poll() is not None or all(_stands_still(server, digest, folder) for digest in image.blobs):
            return
        time.sleep(0.02)
    raise AssertionError("nothing arrives")


def _stands_still(server: FaultyServer, digest: Digest, folder: Path) -> bool:
    if list(folder.rglob(digest.file_name)):
        return True
    sent = server.stalled.get(f"/v2/team/app/blobs/{digest}")
    partial = list(folder.rglob(f"*{digest.file_name}.part"))
    return bool(sent and partial) and partial[0].stat().st_size == sent


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_interrupts_end_at_once_and_lose_nothing(
    server: FaultyServer, large_image: GeneratedImage, tmp_path: Path
) -> None:
    offer(server, large_image)
    server.script = lambda seen: Fault(cut_at=3 * MIB, stall=True) if "/blobs/" in seen.path else None
    command = [sys.executable, "-m", "importer", "pull", f"{server.host}/team/app:1.4", "-o", str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    _wait_until_all_stand_still(process, server, large_image, tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert _bytes_in(tmp_path) > 6 * MIB


class TestPushes:
    @pytest.fixture
    def registry(self, serve_registry: Callable[..., DockerRegistry], tmp_path: Path) -> DockerRegistry:
        return serve_registry(tmp_path / "registry")

    def test_one_that_is_cut_in_the_middle_resumes(
        self, registry: DockerRegistry, large_image: GeneratedImage, tmp_path: Path
    ) -> None:
        write_artifactory_folder(large_image, tmp_path / "in" / "team" / "app" / "1.4")
        limits = iter([10 * MIB, 6 * MIB, 3 * MIB])
        with CuttingProxy(registry.host, lambda: next(limits, None)) as proxy:
            succeed("push", tmp_path / "in", f"{proxy.host}/team/app:1.4", "-j", "1", "--quiet")
            assert proxy.cuts >= 2
        assert registry.manifest("team/app", "1.4") == large_image.manifest
        for digest, content in large_image.blobs.items():
            assert registry.blob("team/app", str(digest)) == content

    def test_one_behind_a_limit_on_every_connection(
        self, registry: DockerRegistry, large_image: GeneratedImage, tmp_path: Path
    ) -> None:
        write_artifactory_folder(large_image, tmp_path / "in" / "team" / "app" / "1.4")
        with CuttingProxy(registry.host, lambda: 5 * MIB) as proxy:
            succeed("push", tmp_path / "in", f"{proxy.host}/team/app:1.4", "-j", "1", "--quiet")
        assert registry.manifest("team/app", "1.4") == large_image.manifest

    def test_a_source_that_changes_meanwhile_is_never_tagged(
        self, registry: DockerRegistry, large_image: GeneratedImage, tmp_path: Path
    ) -> None:
        folder = write_artifactory_folder(large_image, tmp_path / "in" / "team" / "app" / "1.4")
        victim = folder / large_image.layer_digests[0].file_name
        # An image that was picked is uploaded only after everything has been read.
        command = [sys.executable, "-m", "importer", "push", str(tmp_path / "in"), "--select", "team/app:1.4"]

        changed = victim.read_bytes()[:-100] + b"changed".ljust(100, b".")

        def change() -> int | None:
            with victim.open("r+b") as stream:
                stream.write(changed)
            return None

        with CuttingProxy(registry.host, change) as proxy:
            result = subprocess.run(
                [*command, f"{proxy.host}/team/app:1.4"], capture_output=True, text=True, check=False, timeout=60
            )
        assert result.returncode == 5
        assert "has changed while it was being read" in result.stderr
        assert registry.head("/v2/team/app/manifests/1.4").status == 404


def test_pulls_and_pushes_stay_small(
    serve_registry: Callable[..., DockerRegistry], large_image: GeneratedImage, tmp_path: Path
) -> None:
    registry = serve_registry(tmp_path / "registry")
    put_image(registry.host, large_image, "team/app", "1.4", tmp_path / "in")
    for command in (
        ["pull", f"{registry.host}/team/app:1.4", "-o", str(tmp_path / "out")],
        ["push", str(tmp_path / "in"), f"{registry.host}/team/other:1.4"],
    ):
        result = subprocess.run(
            [sys.executable, "-c", _TELL_MEMORY, *command, "--quiet"], capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
        assert int(result.stdout.split()[1]) < 100 * 1024


# The largest resident size since the program was loaded; what the system counts for a child holds its parent's, too.
_TELL_MEMORY = """
import atexit, pathlib
from importer.cli.main import main
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))))
main()
"""
