"""Registry trees and layouts in a bucket: the objects that a folder has as files, without its locks and renames."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.errors import UsageError
from importer.investigation import Question, investigate
from importer.places.changes import WritableStore
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.places.store import Listed
from importer.progress import SilentProgress
from importer.writers.destinations.oci_layout import OciLayout
from importer.writers.outputs import OCI_LAYOUT, REGISTRY_TREE, Output
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import Choice
from importer.writers.stored_layout import StoredLayout
from importer.writers.verifying_reader import VerifyingReader
from tests.blobfix import contents
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import chosen
from tests.places.bucket import BucketAdditions, BucketStore
from tests.programs.docker_registry import DockerRegistry
from tests.programs.skopeo import Skopeo
from tests.work.threads import threads
from tests.writers.test_referrers import referrer_to

FIRST = make_image(sample_layers("first", 300_000), docker=False)
SECOND = make_image([*sample_layers("first", 300_000)[:1], *sample_layers("second", 5_000)], docker=False)
OUTPUTS: dict[str, tuple[type[RegistryTree] | type[StoredLayout], Output]] = {
    "tree": (RegistryTree, REGISTRY_TREE),
    "layout": (StoredLayout, OCI_LAYOUT),
}
REPOSITORY = "docker/registry/v2/repositories/team/app"


@pytest.fixture(params=list(OUTPUTS))
def output(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def bucket() -> BucketStore:
    return BucketStore.filled("images", {"others/x": b"of somebody else"}).within("registry")


def download(place: Path, image: GeneratedImage, tag: str = "1.4") -> Path:
    """An image with an SBOM that refers to it."""
    folder = write_artifactory_folder(image, place / "team" / "app" / tag)
    referrer_to(image, f"sbom-of-{tag}".encode(), folder)
    return place


def write(output: str, place: Path, store: WritableStore, *, replace_tags: bool = False) -> None:
    """Look at a download and write it, as the commands do."""
    kind, known_as = OUTPUTS[output]
    opener = Opener()
    with kind.opened(store, VerifyingReader(opener), SilentProgress(), Durability()) as opened:
        plan = investigate(Question((place_of(place),)), threads(opener=opener), opened.capture()).case.plan
        opened.write(chosen(plan, Choice(), known_as), replace_tags=replace_tags)


def objects_in(bucket: BucketStore) -> dict[str, bytes]:
    keys = bucket.objects
    return {key.removeprefix("registry/"): keys[key] for key in keys if key.startswith("registry/")}


def copied_out(bucket: BucketStore, folder: Path) -> Path:
    for key, content in objects_in(bucket).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)
    return folder


def before_put(key_end: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something once, right before an object is put whose key ends so."""

    def between(key: str) -> None:
        if key.endswith(key_end):
            monkeypatch.undo()
            act()

    monkeypatch.setattr(BucketAdditions, "between", between)


def test_a_bucket_gets_what_a_folder_gets(output: str, bucket: BucketStore, tmp_path: Path) -> None:
    first, second = download(tmp_path / "1", FIRST), download(tmp_path / "2", SECOND, "1.5")
    for place in (first, second, first):
        write(output, place, bucket)
        write(output, place, FolderStore(tmp_path / "out"))
        assert objects_in(bucket) == contents(tmp_path / "out")
    assert bucket.objects["others/x"] == b"of somebody else"


def test_nothing_is_put_again_that_is_there_and_right(output: str, bucket: BucketStore, tmp_path: Path) -> None:
    place = download(tmp_path / "1", FIRST)
    write(output, place, bucket)
    written = len(BucketAdditions.log)
    write(output, place, bucket)
    assert len(BucketAdditions.log) == written


def test_a_new_place_is_asked_for_its_tags_alone(output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question is a request."""

    def asked(images: int) -> int:
        for number in range(images):
            image = make_image(sample_layers(str(number), 100), docker=False)
            write_artifactory_folder(image, tmp_path / f"{images}" / "team" / "app" / f"1.{number}")
        questions: list[str] = []

        def counted(ask: Callable[[BucketStore, str], object]) -> Callable[[BucketStore, str], object]:
            def count_and_ask(store: BucketStore, key: str) -> object:
                questions.append(key)
                return ask(store, key)

            return count_and_ask

        for name in ("stat", "open"):
            monkeypatch.setattr(BucketStore, name, counted(getattr(BucketStore, name)))
        write(output, tmp_path / f"{images}", BucketStore.filled("new", {}).within("registry"))
        monkeypatch.undo()
        return len(questions)

    # What the tag names, and whether it has named that before.
    assert asked(30) - asked(10) <= 20 * 2


def test_a_damaged_blob_of_the_bucket_is_replaced(output: str, bucket: BucketStore, tmp_path: Path) -> None:
    place = download(tmp_path / "1", FIRST)
    write(output, place, bucket)
    whole = objects_in(bucket)
    damaged = next(key for key, content in whole.items() if content == FIRST.layers[0])
    with bucket.adding(len, Durability()) as additions:
        additions.put(damaged, [FIRST.layers[0][:-1] + b"\0"])
        additions.finish()
    write(output, place, bucket)
    assert objects_in(bucket) == whole


def test_tags_and_index_come_when_all_that_they_need_is_there(bucket: BucketStore, tmp_path: Path) -> None:
    place = download(tmp_path / "1", FIRST)
    order = [_puts(output, place, bucket) for output in OUTPUTS]
    tree, layout = (["tag" if key.endswith("/current/link") else key.split("/")[-1] for key in keys] for keys in order)
    assert tree == sorted(tree, key=["data", "link", "tag"].index)
    assert layout[-2:] == ["oci-layout", "index.json"]


def _puts(output: str, place: Path, bucket: BucketStore) -> list[str]:
    before = len(BucketAdditions.log)
    write(output, place, bucket)
    return BucketAdditions.log[before:]


def test_whoever_ends_it_at_any_step_leaves_no_tag_without_what_it_needs(
    bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("tree", download(tmp_path / "1", FIRST), bucket)
    place = download(tmp_path / "2", SECOND, "1.5")
    before = bucket.objects
    for step in itertools.count():
        BucketStore.filled("images", before)
        if not _ends_at(step, place, bucket, monkeypatch):
            break
        _assert_served(objects_in(bucket))
    # Its own blobs and links, those of its SBOM, and the tags.
    assert step >= 15
    _assert_served(objects_in(bucket), tags=4)


def _ends_at(step: int, place: Path, bucket: BucketStore, monkeypatch: pytest.MonkeyPatch) -> bool:
    puts = itertools.count()

    def between(_: str) -> None:
        if next(puts) == step:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BucketAdditions, "between", between)
        try:
            write("tree", place, bucket)
        except KeyboardInterrupt:
            return True
    return False


def _assert_served(objects: dict[str, bytes], tags: int = 0) -> None:
    """What a tag or a revision names is there, with all that it names in turn."""
    named = [text.decode() for key, text in objects.items() if "/_manifests/" in key]
    for digest in named:
        manifest = json.loads(_blob(objects, digest))
        for each in (*manifest.get("layers", ()), *manifest.get("manifests", ())):
            assert Digest.of(_blob(objects, each["digest"])) == Digest.parse(each["digest"])
    assert sum(key.endswith("current/link") for key in objects) >= tags


def _blob(objects: dict[str, bytes], digest: str) -> bytes:
    value = digest.partition(":")[2]
    return objects[f"docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data"]


def test_a_tag_that_somebody_gives_at_the_last_moment_is_not_moved(
    bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = download(tmp_path / "1", FIRST), download(tmp_path / "2", SECOND)
    before_put("tags/1.4/current/link", lambda: write("tree", theirs, bucket), monkeypatch)
    with pytest.raises(UsageError, match=f"team/app:1.4 named {SECOND.manifest_digest} before.*--replace-tags"):
        write("tree", mine, bucket)
    assert objects_in(bucket)[f"{REPOSITORY}/_manifests/tags/1.4/current/link"] == str(SECOND.manifest_digest).encode()
    before_put("tags/1.4/current/link", lambda: write("tree", theirs, bucket, replace_tags=True), monkeypatch)
    write("tree", mine, bucket, replace_tags=True)
    assert objects_in(bucket)[f"{REPOSITORY}/_manifests/tags/1.4/current/link"] == str(FIRST.manifest_digest).encode()


def test_what_others_add_at_the_last_moment_stays_in_the_index(
    bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = download(tmp_path / "1", FIRST), download(tmp_path / "2", SECOND, "1.5")
    before_put("index.json", lambda: write("layout", theirs, bucket), monkeypatch)
    write("layout", mine, bucket)
    entries = json.loads(objects_in(bucket)["index.json"])["manifests"]
    assert {str(FIRST.manifest_digest), str(SECOND.manifest_digest)} <= {entry["digest"] for entry in entries}


def test_a_layout_that_others_begin_at_the_first_moment_is_no_stranger(
    bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = download(tmp_path / "2", SECOND, "1.5")
    listed = BucketStore.list

    def between(store: BucketStore, folder: str) -> Iterator[Listed]:
        monkeypatch.undo()
        write("layout", theirs, bucket)
        return listed(store, folder)

    with bucket.adding(len, Durability()) as additions:
        additions.put("blobs/sha256/0", [b"of a killed run"])
        additions.finish()
    monkeypatch.setattr(BucketStore, "list", between)
    OciLayout(bucket).check([])
    assert "index.json" in objects_in(bucket)


def test_what_others_refer_with_at_the_last_moment_stays_listed(
    bucket: BucketStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = download(tmp_path / "1", FIRST), download(tmp_path / "2", FIRST, "1.5")
    tag = str(FIRST.manifest_digest).replace(":", "-")
    before_put(f"{tag}/current/link", lambda: write("tree", theirs, bucket), monkeypatch)
    write("tree", mine, bucket)
    objects = objects_in(bucket)
    digest = objects[f"{REPOSITORY}/_manifests/tags/{tag}/current/link"].decode()
    assert len(json.loads(_blob(objects, digest))["manifests"]) == 2


def test_programs_take_what_is_copied_out_of_the_bucket(
    bucket: BucketStore, serve_registry: Callable[..., DockerRegistry], skopeo: Skopeo, tmp_path: Path
) -> None:
    for number, image in enumerate((FIRST, SECOND)):
        write("tree", download(tmp_path / str(number), image, f"1.{number}"), bucket)
    registry = serve_registry(copied_out(bucket, tmp_path / "registry"))
    for number, image in enumerate((FIRST, SECOND)):
        for reference in (f"team/app:1.{number}", f"team/app@{image.manifest_digest}"):
            target = tmp_path / f"pulled-{number}-{reference[8]}"
            skopeo.copy(f"docker://{registry.host}/{reference}", f"dir:{target}")
            assert (target / "manifest.json").read_bytes() == image.manifest


def test_skopeo_reads_the_layout_that_is_copied_out_of_the_bucket(
    bucket: BucketStore, skopeo: Skopeo, tmp_path: Path
) -> None:
    for number, image in enumerate((FIRST, SECOND)):
        write("layout", download(tmp_path / str(number), image, f"1.{number}"), bucket)
    layout = copied_out(bucket, tmp_path / "layout")
    for number, image in enumerate((FIRST, SECOND)):
        skopeo.copy(f"oci:{layout}:1.{number}", f"dir:{tmp_path / f'copied-{number}'}")
        assert (tmp_path / f"copied-{number}" / "manifest.json").read_bytes() == image.manifest
