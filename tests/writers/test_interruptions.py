"""Kills, interrupts, rivals and inputs that change: never a half-written result, never a visible lie."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.domain.reference import Reference
from importer.errors import BlobfixError
from importer.investigation import Question, investigate
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.progress import SilentProgress
from importer.writers.docker_tar import docker_tar_members
from importer.writers.outputs import DOCKER_TAR, REGISTRY_TREE
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import Choice
from importer.writers.tar_file import TarFile, stream_members
from importer.writers.verifying_reader import VerifyingReader
from tests import damage
from tests.blobfix import blobfix, contents, leftovers, snapshot, start
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import assert_tar_is_sound, assert_tree_is_sound, chosen
from tests.work.threads import threads

_DEADLINE = 60.0
WRITERS = ("to-registry-tree", "to-docker-tar")
OLDER = make_image(sample_layers("older", 3000))
SMALL = make_image(sample_layers("interrupted", 9000))
# Its layers are above the size from which files are copied while they are read for the first time.
MEDIUM = make_image(
    [{"a": random.Random(1).randbytes(5 << 20)}, {"b": random.Random(2).randbytes(6 << 20)}, {"c": b"small"}]
)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[GeneratedImage, Path]:
    """An image that takes long enough to write: plain layers, about 200 MB."""
    layers = [{f"data{number}": random.Random(number).randbytes(50 << 20)} for number in range(4)]
    image = make_image(layers, "none")
    return image, write_artifactory_folder(image, tmp_path_factory.mktemp("large") / "team" / "app" / "1")


def wait_for(condition: Callable[[], object], running: subprocess.Popen[bytes]) -> None:
    """Until it holds; a process that ends before that is a failure."""
    end = time.monotonic() + _DEADLINE
    while not condition():
        assert running.poll() is None, f"ended with {running.returncode} before it could be interrupted"
        assert time.monotonic() < end
        time.sleep(0.001)


def bytes_begun(folder: Path) -> int:
    """How much lies in files that aren't whole yet; -1 before the first of them."""
    sizes = [-1]
    for path in leftovers(folder):
        with suppress(OSError):
            below = path.rglob("*") if path.is_dir() else [path]
            sizes.append(sum(one.stat().st_size for one in below))
    return max(sizes)


def visible(folder: Path) -> dict[str, bytes]:
    """What a user or a registry would see."""
    return {name: content for name, content in contents(folder).items() if ".blobfix-" not in name}


@pytest.mark.parametrize("begun", [0, 30 << 20])
@pytest.mark.parametrize("command", WRITERS)
class TestEnds:
    def test_a_kill_leaves_only_unfinished_files_and_a_new_run_succeeds(
        self, large: tuple[GeneratedImage, Path], command: str, begun: int, tmp_path: Path
    ) -> None:
        image, folder = large
        output = _output_with_older_state(command, tmp_path)
        before = visible(tmp_path)
        running = start(command, folder.parents[2], "-o", output, "-n", "team/app:1")
        wait_for(lambda: bytes_begun(tmp_path) >= begun, running)
        running.kill()
        running.communicate()
        assert running.returncode == -signal.SIGKILL
        assert leftovers(tmp_path)
        after = visible(tmp_path)
        assert before.items() <= after.items()
        assert all(name.endswith("/data") for name in after.keys() - before.keys())
        for name in after.keys() - before.keys():
            assert Digest.of(after[name]).hex == Path(name).parent.name
        result = blobfix(command, folder.parents[2], "-o", output, "-n", "team/app:1")
        assert result.code == 0, result.stderr
        _assert_whole(command, output, image)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_an_interrupt_leaves_nothing_behind(
        self, large: tuple[GeneratedImage, Path], command: str, begun: int, number: signal.Signals, tmp_path: Path
    ) -> None:
        _, folder = large
        output = _output_with_older_state(command, tmp_path)
        before = snapshot(tmp_path, times=True)
        running = start(command, folder.parents[2], "-o", output, "-n", "team/app:1")
        wait_for(lambda: bytes_begun(tmp_path) >= begun, running)
        running.send_signal(number)
        _, said = running.communicate(timeout=_DEADLINE)
        assert running.returncode == 130, said.decode()
        assert b"interrupted" in said
        assert b"Traceback" not in said
        assert leftovers(tmp_path) == []
        assert visible(tmp_path).keys() == {name for name, state in before.items() if state[1] is not None}
        assert {name: state[:2] for name, state in snapshot(tmp_path).items() if state[1]} == {
            name: state[:2] for name, state in before.items() if state[1]
        }


def test_an_interrupted_scan_says_so(tmp_path: Path) -> None:
    # Holes take no space and still have to be read: so many that the interrupt never comes too late.
    with (tmp_path / f"sha256__{'a' * 64}").open("wb") as endless:
        endless.truncate(100 << 30)
    running = start("scan", tmp_path)
    # The command has begun when it has its input open.
    wait_for(lambda: any("sha256__" in name for name in _open_files(running.pid)), running)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=_DEADLINE)
    assert running.returncode == 130
    assert said.decode().startswith("blobfix: interrupted")


def test_an_interrupted_pipe_ends_at_once(large: tuple[GeneratedImage, Path]) -> None:
    running = start("to-docker-tar", large[1], "-o", "-")
    assert running.stdout
    assert running.stdout.read(1 << 20)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=_DEADLINE)
    assert running.returncode == 130
    assert b"Traceback" not in said


def _open_files(process: int) -> Iterator[str]:
    with suppress(OSError):
        for link in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                yield str(link.readlink())


def _output_with_older_state(command: str, tmp_path: Path) -> Path:
    """An output that is there already: an older file, or a tree with another image."""
    if command == "to-docker-tar":
        (tmp_path / "image.tar").write_bytes(b"an older one")
        return tmp_path / "image.tar"
    older = write_artifactory_folder(SMALL, tmp_path / "older")
    assert blobfix(command, older, "-o", tmp_path / "registry", "-n", "team/older:1").code == 0
    return tmp_path / "registry"


def _assert_whole(command: str, output: Path, image: GeneratedImage) -> None:
    if command == "to-docker-tar":
        assert_tar_is_sound(output, image.image_id)
        return
    storage = output / "docker/registry/v2"
    tag = storage / "repositories/team/app/_manifests/tags/1/current/link"
    assert tag.read_text() == str(image.manifest_digest)
    for digest, content in (*image.blobs.items(), (image.manifest_digest, image.manifest)):
        assert (storage / f"blobs/sha256/{digest.hex[:2]}/{digest.hex}/data").read_bytes() == content


class TestEveryStep:
    """What a registry sees if the program ends at any step of the writing."""

    def test_a_tag_is_never_visible_before_all_it_needs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = write_artifactory_folder(SMALL, tmp_path / "in" / "team" / "app" / "1")
        older = write_artifactory_folder(OLDER, tmp_path / "older")
        # A new tree appears in one step; it takes many to add to the repository that is there.
        assert blobfix("to-registry-tree", older, "-o", tmp_path / "tree", "-n", "team/app:0").code == 0
        steps = 0
        while self._ends_at_step(steps, folder, _copied(tmp_path / "tree", steps), monkeypatch):
            self._assert_consistent(tmp_path / f"tree{steps}")
            steps += 1
        # Five blobs, five links and the tag.
        assert steps >= 11
        assert set(self._tags(tmp_path / f"tree{steps}")) == {SMALL.manifest_digest, OLDER.manifest_digest}

    @staticmethod
    def _ends_at_step(step: int, folder: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
        original, count = Path.replace, 0

        def replace(self: Path, target: Path) -> Path:
            nonlocal count
            if count == step:
                raise KeyboardInterrupt
            count += 1
            return original(self, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replace)
            try:
                _write_tree(folder.parents[2], root, SilentProgress())
            except KeyboardInterrupt:
                return True
        return False

    @staticmethod
    def _tags(root: Path) -> list[Digest]:
        return [Digest.parse(tag.read_text()) for tag in root.rglob("current/link")]

    def _assert_consistent(self, root: Path) -> None:
        storage = root / "docker/registry/v2"
        assert leftovers(root) == []
        for digest in self._tags(root):
            image = SMALL if digest == SMALL.manifest_digest else OLDER
            for blob, content in {**image.blobs, image.manifest_digest: image.manifest}.items():
                assert _blob(storage, str(blob)) == content
        for revision in storage.rglob("revisions/sha256/*/link"):
            assert _blob(storage, revision.read_text())
        for layer in storage.rglob("_layers/sha256/*/link"):
            assert _blob(storage, layer.read_text())


def _copied(tree: Path, number: int) -> Path:
    return Path(shutil.copytree(tree, tree.with_name(f"{tree.name}{number}")))


def _blob(storage: Path, digest: str) -> bytes:
    value = Digest.parse(digest).hex
    return (storage / f"blobs/sha256/{value[:2]}/{value}/data").read_bytes()


def _write_tree(place: Path, root: Path, progress: SilentProgress) -> None:
    opener = Opener()
    with RegistryTree.opened(FolderStore(root), VerifyingReader(opener), progress, Durability()) as tree:
        plan = investigate(Question((place_of(place),)), threads(progress, opener), tree.capture()).case.plan
        tree.write(chosen(plan, Choice(Reference.parse("team/app:1")), REGISTRY_TREE))


def _write_tar(place: Path, target: Path, progress: SilentProgress) -> None:
    opener = Opener()
    reader = VerifyingReader(opener)
    with TarFile(target, reader, progress, Durability()) as tar:
        plan = investigate(Question((place_of(place),)), threads(progress, opener), tar.capture()).case.plan
        tar.write(docker_tar_members(chosen(plan, Choice(), DOCKER_TAR), reader, progress.advance))


def _write_pipe(place: Path, target: Path, progress: SilentProgress) -> None:
    opener = Opener()
    reader = VerifyingReader(opener)
    plan = investigate(Question((place_of(place),)), threads(progress, opener)).case.plan
    members = docker_tar_members(chosen(plan, Choice(), DOCKER_TAR), reader, progress.advance)
    progress.start("Writing", 0)
    with target.with_suffix(".pipe").open("wb") as stream:
        stream_members(members, stream.write, reader, progress.advance)
    # A reader knows that it has all only when the end of the archive has come.
    target.with_suffix(".pipe").rename(target)


class _Mischief(SilentProgress):
    """Does something to the input at a moment of the work."""

    def __init__(self, moment: str, deed: Callable[[], object]) -> None:
        self._moment = moment
        self._deed: Callable[[], object] | None = deed

    def start(self, activity: str, total: int) -> None:
        if activity == self._moment:
            self._do()

    def stop(self) -> None:
        if self._moment == "after reading":
            self._do()

    def advance(self, size: int) -> None:
        if self._moment == "in the middle":
            self._do()

    def _do(self) -> None:
        deed, self._deed = self._deed, None
        if deed:
            deed()


DEEDS: dict[str, Callable[[Path], object]] = {
    "a byte changes": lambda path: damage.flip_byte(path, 10),
    "its end goes": lambda path: damage.cut_at(path, path.stat().st_size - 1),
    "all goes": damage.empty,
    "it grows": lambda path: damage.append(path, b"more"),
    "it vanishes": Path.unlink,
    "it is truncated in place": lambda path: path.open("r+b").truncate(100),
}


@pytest.mark.parametrize("write", [_write_tree, _write_tar, _write_pipe])
@pytest.mark.parametrize("moment", ["in the middle", "after reading", "Writing"])
@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
@pytest.mark.parametrize("image", [SMALL, MEDIUM], ids=["small", "medium"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_input_that_changes_is_never_written_as_whole(
    write: Callable[[Path, Path, SilentProgress], None],
    moment: str,
    deed: Callable[[Path], object],
    image: GeneratedImage,
    tmp_path: Path,
) -> None:
    place = tmp_path / "in"
    folder = write_artifactory_folder(image, place / "team" / "app" / "1")
    layers = [folder / digest.file_name for digest in image.layer_digests]
    output = tmp_path / "out"
    mischief = _Mischief(moment, lambda: [deed(path) for path in layers])
    failure: BlobfixError | None = None
    try:
        write(place, output, mischief)
    except BlobfixError as error:
        failure = error
    if failure:
        assert failure.exit_code in (4, 5)
        assert not output.exists() or not list(output.rglob("tags"))
        assert leftovers(tmp_path) == []
    # Else the bytes were taken before the deed was done: then they are right.
    elif write is _write_tree:
        assert_tree_is_sound(output, image.manifest_digest)
    else:
        assert_tar_is_sound(output, image.image_id)


class TestRivals:
    @pytest.mark.parametrize("command", WRITERS)
    @pytest.mark.parametrize("image", [SMALL, MEDIUM], ids=["small", "medium"])
    def test_the_same_command_several_times_at_once(self, command: str, image: GeneratedImage, tmp_path: Path) -> None:
        folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1")
        output = tmp_path / "out" / "image"
        output.parent.mkdir()
        arguments = (command, folder.parents[2], "-o", output)
        rivals = [start(*arguments) for _ in range(3)]
        for rival in rivals:
            _, said = rival.communicate(timeout=_DEADLINE)
            assert rival.returncode == 0, said.decode()
        _assert_whole(command, output, image)
        assert leftovers(tmp_path) == []

    def test_several_images_into_one_tree_at_once(self, tmp_path: Path) -> None:
        images = {f"team/app{number}:1": make_image(sample_layers(f"{number}", 5000)) for number in range(4)}
        rivals = []
        for number, (name, image) in enumerate(images.items()):
            folder = write_artifactory_folder(image, tmp_path / f"in{number}")
            rivals.append(start("to-registry-tree", folder, "-o", tmp_path / "tree", "-n", name))
        for rival in rivals:
            _, said = rival.communicate(timeout=_DEADLINE)
            assert rival.returncode == 0, said.decode()
        storage = tmp_path / "tree/docker/registry/v2"
        for name, image in images.items():
            tag = storage / "repositories" / name.removesuffix(":1") / "_manifests/tags/1/current/link"
            assert tag.read_text() == str(image.manifest_digest)
            for entry in json.loads(_blob(storage, tag.read_text()))["layers"]:
                assert Digest.of(_blob(storage, entry["digest"])) == Digest.parse(entry["digest"])
        assert leftovers(tmp_path) == []

    def test_rivals_in_threads_of_one_process(self, tmp_path: Path) -> None:
        folder = write_artifactory_folder(MEDIUM, tmp_path / "in" / "team" / "app" / "1")
        errors: list[BaseException] = []

        def write() -> None:
            try:
                _write_tree(folder.parents[2], tmp_path / "tree", SilentProgress())
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert_tree_is_sound(tmp_path / "tree", MEDIUM.manifest_digest)
