"""A download in a bucket is read as one in a folder is, archives in it included."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from importer.domain.digest import Digest
from importer.errors import UsageError
from importer.formats.signatures import FileKind
from importer.inspection.inspecting import inspect
from importer.places.folder_store import FolderStore
from importer.places.opener import Opener
from importer.places.store import Store
from importer.progress import SilentProgress
from importer.sources.opening import source_in
from importer.work.executor import ThreadExecutor
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.places.bucket import BucketStore

IMAGE = make_image(sample_layers("bucket", 50_000))


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """The image as files, in a zip and in a packed tar."""
    folder = write_artifactory_folder(IMAGE, tmp_path / "downloads" / "app" / "1.4")
    for form in ("zip", "gztar"):
        shutil.make_archive(str(folder.parent / "packed"), form, folder)
    return tmp_path / "downloads"


def read(store: Store) -> list[tuple[tuple[str, ...], int, Digest, FileKind]]:
    opener = Opener()
    inspection = inspect([source_in(store, opener)], ThreadExecutor(2, SilentProgress(), opener))
    assert inspection.problems == ()
    return [(fact.file.parts, fact.size, fact.digest, fact.kind) for fact in inspection.facts]


def test_the_files_are_those_of_the_folder(downloads: Path) -> None:
    of_folder = read(FolderStore(downloads))
    assert len(of_folder) == 3 * (len(IMAGE.blobs) + 1)
    assert read(BucketStore.copied(downloads)) == of_folder


@pytest.mark.parametrize("key", ["app/packed.zip", "app/packed.tar.gz", "app/1.4/manifest.json"])
def test_one_object_alone_is_a_source(key: str, downloads: Path) -> None:
    assert read(BucketStore.copied(downloads).within(key)) == read(FolderStore(downloads / key)) != []


def test_paths_are_the_addresses_of_the_objects(downloads: Path) -> None:
    (entry,) = source_in(BucketStore.copied(downloads).within("app/1.4/manifest.json"), Opener()).entries()
    assert entry.path == "mem://copy/app/1.4/manifest.json"


def test_where_nothing_is_the_user_is_told_so(downloads: Path) -> None:
    with pytest.raises(UsageError, match="mem://copy/nowhere: no such file or folder"):
        source_in(BucketStore.copied(downloads).within("nowhere"), Opener())
