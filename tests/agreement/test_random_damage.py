"""Whatever happens to the files: no crash, no false "intact", and no wrong byte in an output."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.domain.digest import Digest
from importer.domain.platform import Host
from importer.domain.reference import Reference
from importer.errors import CannotWriteError, NoImageError, UsageError
from importer.investigation import Investigation, Question, investigate
from importer.places.durability import Durability
from importer.places.folder_store import FolderStore
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.plan.fidelity import Fidelity, ImageStatus, fidelity, status_of
from importer.progress import SilentProgress
from importer.recovery.examination import Depth
from importer.report.exit_codes import exit_code_of
from importer.report.json_report import report
from importer.rules.rule import Severity
from importer.writers.docker_tar import docker_tar_members
from importer.writers.outputs import DOCKER_TAR, REGISTRY_TREE
from importer.writers.registry_tree import RegistryTree
from importer.writers.selection import Choice
from importer.writers.tar_file import TarFile
from importer.writers.verifying_reader import VerifyingReader
from tests import damage
from tests.damage import Damage
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, write_artifactory_folder
from tests.in_process import assert_tar_is_sound, assert_tree_is_sound, chosen
from tests.work.threads import threads

pytestmark = pytest.mark.slow

IMAGES = (
    make_image(sample_layers("properties", 4000)),
    make_image(sample_layers("properties", 4000)[:2], docker=False),
    make_image(sample_layers("properties", 4000)[:2], "zstd", docker=False),
    make_image(sample_layers("properties", 4000)[:1], "none", docker=False),
)
NAME = Reference.parse("team/app:1")
QUIET = SilentProgress()
SETTINGS = settings(max_examples=120, suppress_health_check=list(HealthCheck))

offsets = st.integers(0, 6000)
texts = st.binary(min_size=1, max_size=60)


def _cut(length: int) -> Damage:
    return lambda path: damage.cut_at(path, length)


def _cut_end(count: int) -> Damage:
    return lambda path: damage.cut_at(path, max(0, path.stat().st_size - count))


def _flip(offset: int, mask: int) -> Damage:
    return lambda path: path.stat().st_size and damage.flip_byte(path, offset % path.stat().st_size, mask)


def _zero(start: int, length: int | None) -> Damage:
    return lambda path: damage.zero_range(path, start, None if length is None else start + length)


def _gunzip(path: Path) -> None:
    if path.read_bytes().startswith(b"\x1f\x8b"):
        _quietly(damage.gunzip_in_place, path)


def _quietly(change: Callable[[Path], object], path: Path) -> None:
    # A file that was damaged before may have no text or no gzip data to change any more.
    try:
        change(path)
    except (ValueError, OSError, EOFError):
        return
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise


def _rename(name: str) -> Damage:
    return lambda path: _quietly(lambda one: damage.rename(one, name), path)


def _careful(change: Callable[[Path], object]) -> Damage:
    return lambda path: _quietly(change, path)


any_damage: st.SearchStrategy[Damage] = st.one_of(
    st.builds(_cut, offsets),
    st.builds(_cut_end, st.integers(1, 12)),
    st.builds(_flip, offsets, st.integers(1, 255)),
    st.builds(_zero, offsets, st.one_of(st.none(), st.integers(1, 900))),
    texts.map(lambda extra: lambda path: damage.append(path, extra)),
    texts.map(lambda extra: lambda path: damage.prepend(path, extra)),
    st.just(damage.prepend),
    st.just(_gunzip),
    st.just(damage.gzip_again),
    st.sampled_from(["copy", "x.gz", "download (1)", "sha256__" + "0" * 64, "manifest.json", "a.part"]).map(_rename),
    st.sampled_from(
        [damage.upper_case, damage.hyphen_prefix, damage.no_prefix, damage.add_suffix, damage.partial_suffix]
    ).map(_careful),
    st.sampled_from([damage.crlf, damage.bom, damage.utf16, damage.add_newline, damage.reindent, damage.compact]).map(
        _careful
    ),
    st.just(damage.replace_by_html_login_page),
    st.just(damage.replace_by_artifactory_json_error),
    st.just(lambda path: _quietly(lambda one: damage.split(one, 2), path)),
    st.just(damage.remove),
    st.just(damage.marker),
)


@contextmanager
def damaged(image: GeneratedImage, deeds: list[tuple[int, Damage]]) -> Iterator[tuple[Path, Path]]:
    """The image's folder after the damages, each of them to one file by number; and a place for outputs."""
    with tempfile.TemporaryDirectory(prefix="bf-property-") as home:
        folder = write_artifactory_folder(image, Path(home) / "in")
        for number, happens in deeds:
            files = sorted(folder.iterdir())
            if files:
                happens(files[number % len(files)])
        (Path(home) / "out").mkdir()
        yield folder, Path(home) / "out"


def look(folder: Path, *, known: Digest | None = None, deep: bool = False) -> Investigation:
    question = Question((place_of(folder),), digests=(known,) if known else (), depth=Depth(every_layer=deep))
    return investigate(question, threads(QUIET))


def originals(found: Investigation, image: GeneratedImage) -> list[Any]:
    """The plans that claim to be of the original image."""
    return [plan for plan in found.case.plan.images if plan.manifest.descriptor.digest == image.manifest_digest]


damages = st.lists(st.tuples(st.integers(0, 9), any_damage), min_size=1, max_size=3)


@SETTINGS
@given(image=st.sampled_from(IMAGES), deeds=damages, knows=st.booleans(), deep=st.booleans())
def test_looking_never_crashes_and_never_calls_a_lost_byte_intact(
    image: GeneratedImage, deeds: list[tuple[int, Damage]], knows: bool, deep: bool
) -> None:
    with damaged(image, deeds) as (folder, _):
        found = look(folder, known=image.manifest_digest if knows else None, deep=deep)
        json.dumps(report(found))
        present = {Digest.of(path.read_bytes()) for path in folder.iterdir()}
        for plan in originals(found, image):
            if status_of(plan, found.case.host) is ImageStatus.INTACT:
                assert {image.manifest_digest, *image.blobs} <= present
        states = {status_of(plan, found.case.host) for plan in found.case.plan.images}
        worst = ImageStatus.INCOMPLETE in states, ImageStatus.REPAIRABLE in states
        code = exit_code_of(found.case)
        assert code == (3 if not states else 4 if worst[0] else 1 if worst[1] else 0)
        if {image.manifest_digest, *image.blobs} <= present:
            assert originals(found, image)


@SETTINGS
@given(image=st.sampled_from(IMAGES), deeds=damages, knows=st.booleans())
def test_what_is_written_is_the_original_to_the_byte(
    image: GeneratedImage, deeds: list[tuple[int, Damage]], knows: bool
) -> None:
    known = (image.manifest_digest,) if knows else ()
    with damaged(image, deeds) as (folder, out):
        for output, write in ((REGISTRY_TREE, _write_tree), (DOCKER_TAR, _write_tar)):
            plans = originals(look(folder, known=image.manifest_digest if knows else None), image)
            promised = {fidelity(plan, output.kind, Host.of_this_machine()) for plan in plans}
            digests: list[Digest] = []
            with suppress(UsageError, NoImageError, CannotWriteError):
                digests = write(folder, known, out / output.name)
            assert (out / output.name).exists() == bool(digests)
            # A manifest that nothing proves may be another one by now; then it is written as what it is.
            if image.manifest_digest in digests:
                assert Fidelity.EXACT in promised
        assert not [path for path in out.iterdir() if path.name.startswith(".")]


def _write_tree(folder: Path, known: tuple[Digest, ...], root: Path) -> list[Digest]:
    opener = Opener()
    with RegistryTree.opened(FolderStore(root), VerifyingReader(opener), QUIET, Durability()) as tree:
        plan = investigate(
            Question((place_of(folder),), digests=known), threads(QUIET, opener), tree.capture()
        ).case.plan
        images = chosen(plan, Choice(NAME), REGISTRY_TREE)
        tree.write(images)
    digests = [image.plan.manifest.descriptor.digest for image in images]
    assert_tree_is_sound(root, digests[0])
    return digests


def _write_tar(folder: Path, known: tuple[Digest, ...], target: Path) -> list[Digest]:
    opener = Opener()
    reader = VerifyingReader(opener)
    with TarFile(target, reader, QUIET, Durability()) as tar:
        plan = investigate(
            Question((place_of(folder),), digests=known), threads(QUIET, opener), tar.capture()
        ).case.plan
        images = chosen(plan, Choice(NAME), DOCKER_TAR)
        tar.write(docker_tar_members(images, reader, QUIET.advance))
    image_id = images[0].plan.image_id
    assert image_id
    assert_tar_is_sound(target, image_id)
    return [image.plan.manifest.descriptor.digest for image in images]


@settings(max_examples=25)
@given(
    layers=st.lists(
        st.dictionaries(st.sampled_from(["a", "b/c", "d"]), st.binary(max_size=400), max_size=3), min_size=1, max_size=4
    ),
    compression=st.sampled_from(["gzip", "zstd", "none"]),
    order=st.randoms(),
)
def test_a_clean_image_under_any_names_has_no_error_and_no_warning(
    layers: list[dict[str, bytes]], compression: str, order: Any
) -> None:
    image = make_image(layers, compression, docker=False)
    with damaged(image, []) as (folder, out):
        names = sorted(folder.iterdir())
        order.shuffle(names)
        for number, path in enumerate(names):
            path.rename(folder / f"file{number}")
        found = look(folder, deep=True)
        severe = [f for f in found.findings if f.severity is not Severity.INFO]
        assert [f.rule.code for f in severe] == []
        assert exit_code_of(found.case) == 0
        assert _write_tree(folder, (), out / "tree") == [image.manifest_digest]
        assert _write_tar(folder, (), out / "image.tar") == [image.manifest_digest]
