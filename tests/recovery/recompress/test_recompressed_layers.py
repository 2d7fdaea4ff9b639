"""Layers that lost their gzip get their own bytes back, whatever made them; and what is said when they don't."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from importer.inspection.examiner import Examiner
from importer.investigation import Investigation, Question, investigate
from importer.places.address import Recompressed
from importer.places.named import place_of
from importer.places.opener import Opener
from importer.plan.blobs import BlobPlan, BlobStatus
from importer.plan.causes import Gunzipped, Search
from importer.progress import SilentProgress
from importer.recompression import (
    IS_NATIVE,
    Evidence,
    GzipHeader,
    KnownCompressor,
    Outcome,
    find_compressor,
    gzip_encoder_of,
    known_compressors,
)
from importer.recompression.engines import registry
from importer.recovery.recompress import compressor_search
from importer.recovery.recompress.recompressing import Effort
from importer.work.task import Tools
from tests import damage
from tests.blobfix import HOME, blobfix
from tests.images.content import sample_layers, strange, text
from tests.images.generated import GeneratedImage, make_image, make_image_of_tars, write_artifactory_folder
from tests.in_process import SEVERE, assert_tar_is_sound, assert_tree_is_sound, run, scan
from tests.work.threads import threads

NAMED = {compressor.name: compressor for compressor in known_compressors()}
DOCKER = "Go ≤1.26, level 6"
PODMAN = "pgzip, klauspost 1.15.10-1.18.0, 1024 KiB blocks"
CRANE = "Go ≥1.27, level 1"
JAVA = "zlib, level 6"
RARE = "Go ≤1.26, level 9"
DEBIAN = "pigz, level 9"
LAYERS = sample_layers("recompressed", 40_000)


def packer(name: str, header: GzipHeader | None = None) -> Callable[[bytes, str], bytes]:
    """Packs tars as a known compressor does."""

    def pack(tar: bytes, _: str = "gzip") -> bytes:
        encoder = gzip_encoder_of(NAMED[name].compressor, header or NAMED[name].headers[0])
        return encoder.write(tar) + encoder.finish()

    return pack


def image_by(name: str) -> GeneratedImage:
    return make_image(LAYERS, pack=packer(name))


DOCKERS = image_by(DOCKER)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an image is to lie below ``tmp_path / "in"``."""
    return tmp_path / "in" / "team" / "app" / "1.4"


def unpack(image: GeneratedImage, folder: Path, *positions: int) -> Path:
    """Write the image; these of its layers lose their compression."""
    write_artifactory_folder(image, folder)
    for position in positions:
        damage.gunzip_in_place(layer_path(image, folder, position))
    return folder


def layer_path(image: GeneratedImage, folder: Path, position: int) -> Path:
    return folder / image.layer_digests[position].file_name


def look(place: Path, effort: Effort | None = None, progress: Any = None) -> Investigation:
    return investigate(Question((place_of(place),), effort=effort or Effort()), threads(progress))


def layers_of(seen: Investigation) -> tuple[BlobPlan, ...]:
    (image,) = seen.case.plan.images
    return image.layers


def search_of(layer: BlobPlan) -> Search:
    assert isinstance(layer.cause, Gunzipped)
    return layer.cause.search


class Tries:
    """Notes which compressors are tried, in which order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.orders: list[list[str]] = []
        self.alone: list[bool] = []
        original = find_compressor

        def noted(open_raw: Any, wanted: Any, compressors: Sequence[KnownCompressor], **options: Any) -> Outcome:
            self.orders.append([compressor.name for compressor in compressors])
            self.alone.append(options["first_alone"])
            return original(open_raw, wanted, compressors, **options)

        monkeypatch.setattr(compressor_search, "find_compressor", noted)


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> Tries:
    return Tries(monkeypatch)


class TestExactly:
    @pytest.mark.parametrize("name", [DOCKER, PODMAN, CRANE, JAVA, DEBIAN])
    def test_every_output_has_the_original_bytes(self, name: str, folder: Path, tmp_path: Path) -> None:
        image = image_by(name)
        place = unpack(image, folder, 0, 2).parents[2]
        seen = scan(place)
        assert (seen.code, seen.codes(*SEVERE)) == (1, ["BF206", "BF206"])
        assert seen.image["outputs"] == dict.fromkeys(("registry-tree", "docker-tar", "oci-layout"), "exact")
        assert [blob["status"] for blob in seen.image["blobs"]] == ["ok", "ok", "repaired", "ok", "repaired"]
        assert [blob.get("compressor") for blob in seen.image["blobs"]] == [None, None, name, None, name]
        for finding in seen.report["findings"][:2]:
            assert f"recompressed exactly ({name})" in finding["message"]
            assert (finding["certainty"], finding["fix"]["safety"]) == ("proven", "safe")
        assert run("to-registry-tree", place, "-o", tmp_path / "tree").code == 0
        assert_tree_is_sound(tmp_path / "tree", image.manifest_digest)
        assert run("to-oci-layout", place, "-o", tmp_path / "layout").code == 0
        for digest, content in image.blobs.items():
            assert (tmp_path / "layout" / "blobs" / "sha256" / digest.hex).read_bytes() == content
        assert run("to-docker-tar", place, "-o", tmp_path / "image.tar").code == 0
        assert_tar_is_sound(tmp_path / "image.tar", image.image_id)
        second = scan(tmp_path / "image.tar", "--deep")
        assert (second.code, second.image["manifest_digest"]) == (0, str(image.manifest_digest))

    @pytest.mark.parametrize("name", [DOCKER, PODMAN, DEBIAN])
    def test_the_recipe_is_a_value(self, name: str, folder: Path) -> None:
        layer = layers_of(look(unpack(image_by(name), folder, 0)))[0]
        assert layer.exact
        recipe = layer.exact.recipe
        copy = pickle.loads(pickle.dumps(recipe))
        assert isinstance(recipe, Recompressed)
        assert copy == recipe
        assert (copy.compressor.name, copy.header) == (name, NAMED[name].headers[0])
        assert Examiner(Tools(Opener())).digest_of(copy, "sha256", layer.descriptor.size) == layer.descriptor.digest

    def test_no_layer_needs_to_be_intact(self, folder: Path, tmp_path: Path) -> None:
        place = unpack(DOCKERS, folder, 0, 1, 2).parents[2]
        assert run("to-registry-tree", place, "-o", tmp_path / "tree").code == 0
        assert_tree_is_sound(tmp_path / "tree", DOCKERS.manifest_digest)

    @pytest.mark.parametrize(
        "repack",
        [
            lambda tar: gzip.compress(tar, 1),
            strange,
            lambda tar: zstandard.ZstdCompressor().compress(tar),
        ],
        ids=["gzip", "strange gzip", "zstd"],
    )
    @pytest.mark.parametrize("name", ["as before", "layer.tar.gz"])
    def test_a_layer_that_another_compressor_packed_again(
        self, folder: Path, repack: Callable[[bytes], bytes], name: str, tmp_path: Path
    ) -> None:
        path = layer_path(DOCKERS, write_artifactory_folder(DOCKERS, folder), 1)
        path.unlink()
        (path if name == "as before" else path.with_name(name)).write_bytes(repack(DOCKERS.diffs[1]))
        assert run("to-registry-tree", folder.parents[2], "-o", tmp_path / "tree").code == 0
        assert_tree_is_sound(tmp_path / "tree", DOCKERS.manifest_digest)

    def test_the_content_may_come_from_a_docker_save_tar(self, folder: Path, tmp_path: Path) -> None:
        path = layer_path(DOCKERS, write_artifactory_folder(DOCKERS, folder), 0)
        path.unlink()
        saved = tmp_path / "saved"
        (saved / "0123").mkdir(parents=True)
        (saved / "0123" / "layer.tar").write_bytes(DOCKERS.diffs[0])
        assert run("to-registry-tree", folder.parents[2], "--borrow", saved, "-o", tmp_path / "tree").code == 0
        assert_tree_is_sound(tmp_path / "tree", DOCKERS.manifest_digest)

    @pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_in_a_zip_whose_members_cannot_seek(self, folder: Path, method: int, tmp_path: Path) -> None:
        unpack(DOCKERS, folder, 1)
        with zipfile.ZipFile(tmp_path / "download.zip", "w", method) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"team/app/1.4/{path.name}")
        assert run("to-registry-tree", tmp_path / "download.zip", "-o", tmp_path / "tree").code == 0
        assert_tree_is_sound(tmp_path / "tree", DOCKERS.manifest_digest)

    def test_a_header_that_only_a_sibling_shows(self, folder: Path) -> None:
        image = make_image(LAYERS, pack=packer(JAVA, GzipHeader(mtime=1_700_000_000, os=7, name=b"layer.tar")))
        assert layers_of(look(unpack(image, folder, 0)))[0].status is BlobStatus.REPAIRED

    def test_an_image_with_a_layer_twice(self, folder: Path) -> None:
        image = make_image([LAYERS[0], LAYERS[1], LAYERS[0]], pack=packer(DOCKER))
        layers = layers_of(look(unpack(image, folder, 0)))
        assert [layer.position for layer in layers] == [0, 1, 2]
        assert [layer.status for layer in layers] == [BlobStatus.REPAIRED, BlobStatus.OK, BlobStatus.REPAIRED]


class TestWithoutDiffId:
    """The layer's own digest proves it as well as a diff_id does."""

    def unpack_without_config(self, folder: Path, *positions: int) -> Path:
        unpack(DOCKERS, folder, *positions)
        (folder / DOCKERS.image_id.file_name).unlink()
        return folder

    def statuses(self, folder: Path) -> list[BlobStatus]:
        return [layer.status for layer in layers_of(look(folder))]

    def test_a_name_claims_the_digest(self, folder: Path, tmp_path: Path) -> None:
        self.unpack_without_config(folder, 0, 1)
        assert self.statuses(folder) == [BlobStatus.REPAIRED, BlobStatus.REPAIRED, BlobStatus.OK]
        outcome = run("to-docker-tar", folder, "--salvage", "-o", tmp_path / "saved.tar")
        assert outcome.code == 0, outcome.output
        assert run("to-docker-tar", folder, "--salvage", "--no-recompress", "-o", tmp_path / "no.tar").code == 4

    def test_a_name_claims_the_digest_of_a_layer_packed_again(self, folder: Path) -> None:
        path = layer_path(DOCKERS, self.unpack_without_config(folder), 0)
        path.write_bytes(gzip.compress(DOCKERS.diffs[0], 1))
        assert self.statuses(folder)[0] is BlobStatus.REPAIRED

    def test_the_only_tar_is_taken(self, folder: Path) -> None:
        damage.rename(layer_path(DOCKERS, self.unpack_without_config(folder, 1), 1), "layer.tar")
        (seen,) = look(folder).case.plan.images
        assert [layer.status for layer in seen.layers] == [BlobStatus.OK, BlobStatus.REPAIRED, BlobStatus.OK]
        assert seen.layers[1].file
        assert seen.layers[1].file.file.name == "layer.tar"

    def test_one_of_several_tars_is_not_guessed(self, folder: Path, tries: Tries) -> None:
        damage.rename(layer_path(DOCKERS, self.unpack_without_config(folder, 1), 1), "layer.tar")
        (folder / "backup.tar").write_bytes(make_image(sample_layers("other", 9000)).diffs[0])
        assert self.statuses(folder)[1] is BlobStatus.MISSING
        assert tries.orders == []

    def test_a_tar_of_a_size_that_cannot_be_is_not_tried(self, folder: Path, tries: Tries) -> None:
        self.unpack_without_config(folder)
        layer_path(DOCKERS, folder, 1).unlink()
        (folder / "backup.tar").write_bytes(make_image([{"small": b"x"}]).diffs[0][:2048])
        assert self.statuses(folder)[1] is BlobStatus.MISSING
        assert tries.orders == []

    def test_a_tar_of_another_layer_stays_a_guess(self, folder: Path) -> None:
        path = layer_path(DOCKERS, self.unpack_without_config(folder), 0)
        path.write_bytes(make_image(sample_layers("other", 9000)).diffs[0])
        layer = layers_of(look(folder))[0]
        assert (layer.status, search_of(layer)) == (BlobStatus.DAMAGED, Search.NONE_FITS)


class TestOneBlobInTwoImages:
    def test_a_wrong_guess_for_one_is_no_answer_for_the_other(self, folder: Path) -> None:
        other = make_image([LAYERS[0], {"more": b"other"}], pack=packer(DOCKER))
        unpack(other, folder.with_name("1.3"), 0)
        (folder.with_name("1.3") / other.image_id.file_name).unlink()
        wrong = layer_path(other, folder.with_name("1.3"), 0)
        wrong.write_bytes(make_image(sample_layers("wrong", 9000)).diffs[0])
        write_artifactory_folder(DOCKERS, folder)
        damage.rename(damage.gunzip_in_place(layer_path(DOCKERS, folder, 0)), "layer.tar")
        images = {image.manifest_digest: image for image in look(folder.parents[2]).case.plan.images}
        assert search_of(images[other.manifest_digest].layers[0]) is Search.NONE_FITS
        assert images[DOCKERS.manifest_digest].layers[0].status is BlobStatus.REPAIRED

    def test_a_manifest_with_a_wrong_size_gets_nothing(self, folder: Path) -> None:
        unpack(DOCKERS, folder, 0)
        value = json.loads(DOCKERS.manifest)
        value["layers"][0]["size"] += 1
        (folder / "wrong.json").write_text(json.dumps(value))
        images = {image.manifest_digest: image for image in look(folder).case.plan.images}
        right = images.pop(DOCKERS.manifest_digest)
        (wrong,) = images.values()
        assert right.layers[0].status is BlobStatus.REPAIRED
        assert search_of(wrong.layers[0]) is Search.NONE_FITS


class TestOrder:
    def test_a_siblings_compressor_is_tried_first_and_alone(self, folder: Path, tries: Tries) -> None:
        image = image_by(RARE)
        counted = Counting()
        look(unpack(image, folder, 0), progress=counted)
        assert (tries.orders[0][0], tries.alone) == (RARE, [True])
        assert counted.recompressed == len(image.diffs[0])
        assert f"Recompressing {image.layer_digests[0].short}, try 1" in counted.activities
        assert not [activity for activity in counted.activities if activity.endswith("try 2")]

    def test_the_smallest_is_looked_at_first_and_tells_of_the_others(self, folder: Path, tries: Tries) -> None:
        image = make_image([*LAYERS, {"small": text("small", 4000)}], pack=packer(CRANE))
        look(unpack(image, folder, 0, 1, 2, 3))
        assert [order[0] for order in tries.orders] == [next(iter(NAMED)), CRANE, CRANE, CRANE]

    def test_a_blob_of_two_images_is_looked_for_once(self, folder: Path, tries: Tries) -> None:
        unpack(DOCKERS, folder, 0)
        other = make_image([LAYERS[0], {"more": b"other"}], pack=packer(DOCKER))
        unpack(other, folder.with_name("1.5"), 0)
        assert scan(folder.parents[2]).report["summary"]["repairable"] == 2
        assert len(tries.orders) == 1

    def test_the_history_and_annotations_tell(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[Evidence] = []

        def order(compressors: Sequence[KnownCompressor], evidence: Evidence) -> Sequence[KnownCompressor]:
            seen.append(evidence)
            return compressors

        monkeypatch.setattr(compressor_search, "order_by_evidence", order)
        image = make_image(
            LAYERS[:1],
            docker=False,
            settings={"Labels": {"io.buildah.version": "1.28"}},
            annotations={"dev.builder": "kaniko"},
            pack=packer(PODMAN),
        )
        look(unpack(image, folder, 0))
        (evidence,) = seen
        assert set(evidence.history) == {"ADD layer0.tar /", "io.buildah.version"}
        assert evidence.annotations == {"dev.builder": "kaniko"}

    def test_a_damaged_sibling_tells_nothing(self, folder: Path, tries: Tries) -> None:
        image = image_by(CRANE)
        damage.flip_byte(layer_path(image, unpack(image, folder, 0), 1), 2000)
        damage.cut_at(layer_path(image, folder, 2), 2000)
        assert layers_of(look(folder))[0].status is BlobStatus.REPAIRED
        assert tries.alone == [False]


class Counting(SilentProgress):
    """Counts the bytes that were compressed."""

    def __init__(self) -> None:
        self.recompressed = 0
        self._counts = False
        self.activities: list[str] = []

    def start(self, activity: str, total: int) -> None:
        del total
        self.activities.append(activity)
        self._counts = activity.startswith("Recompressing")

    def advance(self, size: int) -> None:
        self.recompressed += size if self._counts else 0

    def stop(self) -> None:
        self._counts = False


class TestInVain:
    def unpacked(self, folder: Path, *positions: int) -> Path:
        return unpack(make_image(LAYERS, pack=strange), folder, *(positions or (0,)))

    def test_no_known_compressor_fits(self, folder: Path, tmp_path: Path) -> None:
        place = self.unpacked(folder).parents[2]
        seen = scan(place)
        assert seen.image["outputs"] == {
            "registry-tree": "same-image",
            "docker-tar": "exact",
            "oci-layout": "same-image",
        }
        (finding,) = [one for one in seen.report["findings"] if one["code"] == "BF206"]
        assert "no compressor known to blobfix reproduces the original bytes" in finding["message"]
        assert "compressor" not in seen.image["blobs"][2]
        assert run("to-registry-tree", place, "-o", tmp_path / "tree").code == 4
        assert run("to-registry-tree", place, "-o", tmp_path / "tree", "--allow-new-digest").code == 0

    def test_not_even_tried_when_nobody_wants_it(self, folder: Path, tries: Tries) -> None:
        place = unpack(DOCKERS, folder, 0)
        seen = scan(place, "--no-recompress")
        assert seen.image["outputs"]["registry-tree"] == "same-image"
        assert seen.image["blobs"][2]["status"] == "content-ok"
        assert tries.orders == []

    def test_a_build_context_does_with_the_content(self, folder: Path, tries: Tries, tmp_path: Path) -> None:
        assert run("to-build-context", unpack(DOCKERS, folder, 0), "-o", tmp_path / "context").code == 0
        assert tries.orders == []

    def test_no_time_at_all(self, folder: Path) -> None:
        seen = scan(unpack(DOCKERS, folder, 0), "--recompress-limit", "0")
        (finding,) = [one for one in seen.report["findings"] if one["code"] == "BF206"]
        assert "--recompress-limit" in finding["message"]
        assert finding["fix"]["safety"] == "safe"

    @pytest.mark.parametrize("limit", ["-1", "nan"])
    def test_a_limit_that_is_no_time_is_wrong_usage(self, folder: Path, limit: str) -> None:
        assert run("scan", unpack(DOCKERS, folder, 0), f"--recompress-limit={limit}").code == 2

    def test_time_that_was_spent_in_vain_is_gone(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = iter(range(0, 1000, 7))
        monkeypatch.setattr("importer.recovery.recompress.compressor_search.time.monotonic", lambda: next(clock))
        monkeypatch.setattr(compressor_search, "find_compressor", lambda *_, **__: Outcome(None))
        layers = layers_of(look(self.unpacked(folder, 0, 1, 2), Effort(seconds=12)))
        # Smallest first: 7 seconds for each of the first two, and then none are left for the largest.
        by_size = sorted(layers, key=lambda layer: layer.descriptor.size)
        assert [search_of(layer) for layer in by_size] == [Search.NONE_FITS, Search.NONE_FITS, Search.OUT_OF_TIME]

    def test_another_zlib_is_told_of(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("importer.recompression.catalogue.is_original_zlib", lambda: False)
        monkeypatch.setattr(compressor_search, "is_original_zlib", lambda: False)
        seen = scan(unpack(image_by(JAVA), folder, 0))
        (finding,) = [one for one in seen.report["findings"] if one["code"] == "BF206"]
        assert "an unusual zlib" in finding["message"]

    def test_a_file_that_goes_away_meanwhile(self, folder: Path) -> None:
        path = layer_path(DOCKERS, unpack(DOCKERS, folder, 0), 0)

        class Thief(SilentProgress):
            def start(self, activity: str, total: int) -> None:
                del total
                if activity.startswith("Recompressing"):
                    path.unlink()

        assert layers_of(look(folder, progress=Thief()))[0].status is BlobStatus.CONTENT_OK

    @pytest.mark.skipif(not IS_NATIVE, reason="the Python form takes minutes for it")
    def test_an_interrupt_ends_it_at_once(self, folder: Path) -> None:
        image = make_image_of_tars([text("long", 12_000_000)], pack=strange)
        unpack(image, folder, 0)

        class Impatient(Counting):
            def advance(self, size: int) -> None:
                super().advance(size)
                if self._counts and self.recompressed == size:
                    os.kill(os.getpid(), signal.SIGINT)

        impatient = Impatient()
        with pytest.raises(KeyboardInterrupt):
            look(folder, progress=impatient)
        # All tries together read the layer 36 times; how soon the signal is seen is the system's affair.
        assert impatient.recompressed < 12 * len(image.diffs[0])


class TestWithoutTheCForm:
    def test_a_large_layer_is_left_and_that_is_said(
        self, folder: Path, tries: Tries, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "IS_NATIVE", False)
        monkeypatch.setattr(compressor_search, "IS_NATIVE", False)
        monkeypatch.setattr(compressor_search, "_CORES", 1)
        monkeypatch.setattr(compressor_search, "_PURE_SECONDS", 0.3)
        seen = scan(unpack(make_image([{"large": text("large", 200_000)}], pack=packer(DOCKER)), folder, 0))
        (finding,) = [one for one in seen.report["findings"] if one["code"] == "BF206"]
        assert "installed without a C compiler" in finding["message"]
        assert DOCKER not in tries.orders[0]
        # What Python's own zlib does is fast without a compiler, too.
        assert JAVA in tries.orders[0]

    def test_a_minute_is_spent_on_one_layer(self) -> None:
        assert compressor_search._PURE_SECONDS == 60
        compressors = tuple(known_compressors())
        for size in (10_000, 1_000_000, 50_000_000, 10_000_000_000):
            chosen = tuple(compressor_search._affordable(compressors, size, 60))
            assert sum(size / 1e6 / one.speed for one in chosen) / compressor_search._CORES <= 60
        assert list(compressor_search._affordable(compressors, 10_000, 60)) == list(compressors)

    def test_small_layers_are_mended_in_python_alone(self, folder: Path, tmp_path: Path) -> None:
        place = unpack(DOCKERS, folder, 0).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT_EXTENSION, "to-registry-tree", place, "-o", tmp_path / "tree"],
            check=False,
            capture_output=True,
            cwd=HOME,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert_tree_is_sound(tmp_path / "tree", DOCKERS.manifest_digest)

    def test_large_layers_are_left_in_python_alone(self, folder: Path) -> None:
        place = unpack(DOCKERS, folder, 0).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT_EXTENSION, "scan", place, "--recompress-limit", "0.02"],
            check=False,
            capture_output=True,
            cwd=HOME,
            timeout=120,
        )
        assert done.returncode == 1, done.stderr.decode()
        assert b"installed without a C compiler" in b" ".join(done.stdout.split())


_WITHOUT_EXTENSION = """
import sys
sys.modules["importer.recompression.engines.native._deflate"] = None
from importer.recompression import IS_NATIVE
assert not IS_NATIVE
from importer.cli.main import main
main()
"""


def test_nothing_of_it_is_loaded_where_no_layer_lost_its_gzip(folder: Path) -> None:
    write_artifactory_folder(DOCKERS, folder)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "importer", "scan", folder],
        check=False,
        capture_output=True,
        cwd=HOME,
        timeout=120,
    )
    assert done.returncode == 0
    assert b"importer.recovery.recompress.recompressing" in done.stderr
    assert b"importer.recompression" not in done.stderr
    assert b"importer.recovery.recompress.compressor_search" not in done.stderr


def test_a_pipe_gets_the_exact_layers_too(folder: Path) -> None:
    result = blobfix("to-docker-tar", unpack(DOCKERS, folder, 1), "-o", "-")
    assert result.code == 0, result.stderr
    for digest in DOCKERS.layer_digests:
        assert digest.hex.encode() in result.stdout
