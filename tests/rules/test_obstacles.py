"""BF408 and BF412 to BF414: images of which every byte is here, and which docker doesn't load for all that."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from importer.domain import media_types
from importer.domain.digest import Digest
from importer.domain.manifest import ImageManifest
from importer.domain.platform import Host, Platform
from importer.plan.fidelity import Fidelity, ImageStatus, OutputKind, fidelity, status_of
from importer.plan.flaws import (
    DiffIdMismatch,
    DiffIdsOfCompressed,
    EncryptedLayers,
    TooMuchHistory,
    UncheckableDiffIds,
)
from importer.plan.images import ImageKind, ImagePlan
from importer.rules.catalogue import find_all
from tests.images.content import noise, tar_of
from tests.images.generated import (
    GeneratedImage,
    as_json,
    descriptor_of,
    make_image_of_tars,
    small_image,
    write_artifactory_folder,
)
from tests.rules.workshop import case_of, troubles

LINUX = Host(Platform("linux", "amd64"))
WINDOWS = Host(Platform("linux", "amd64"), is_windows=True)
WASM = b"\0asm\1\0\0\0" + noise(5000)


def looked_at(folder: Path, *, deep: bool = False) -> tuple[ImagePlan, list[str]]:
    """The image as it is seen, and the codes of what is told of it."""
    case = case_of(folder, deep=deep)
    (image,) = (image for image in case.plan.images if not image.parents)
    return image, [finding.rule.code for finding in find_all(case)]


def outputs(image: ImagePlan, host: Host = LINUX) -> tuple[Fidelity, ...]:
    return tuple(fidelity(image, kind, host) for kind in (OutputKind.ORIGINAL, OutputKind.DOCKER))


ONLY_TREE = (Fidelity.EXACT, Fidelity.NONE)
BOTH = (Fidelity.EXACT, Fidelity.EXACT)


def encrypted(**marks: object) -> GeneratedImage:
    """An image whose first layer is another's secret, marked in the manifest as one is."""
    tars = [tar_of({"secret": b"s"}), tar_of({"a": b"a"})]
    image = make_image_of_tars(tars, layers=[noise(4000, "secret"), gzip.compress(tars[1])])
    value = image.manifest_value()
    value["layers"][0] |= marks
    return image.with_manifest(value)


class TestEncryptedLayers:
    @pytest.mark.parametrize("deep", [False, True])
    @pytest.mark.parametrize(
        "marks",
        [
            {"mediaType": f"{media_types.OCI_LAYER_GZIP}+encrypted"},
            {"mediaType": f"{media_types.OCI_LAYER_ZSTD}+encrypted"},
            {"mediaType": f"{media_types.DOCKER_LAYER_GZIP}+encrypted"},
            {"annotations": {"org.opencontainers.image.enc.keys.pgp": "ZXk="}},
        ],
    )
    def test_no_docker_tar_is_promised_and_nothing_is_called_damaged(
        self, tmp_path: Path, marks: dict[str, object], deep: bool
    ) -> None:
        image = encrypted(**marks)
        plan, codes = looked_at(write_artifactory_folder(image, tmp_path), deep=deep)
        assert EncryptedLayers((0,)) in plan.flaws
        assert [code for code in codes if code != "BF307"] == ["BF412"]
        assert (outputs(plan), status_of(plan, LINUX)) == (ONLY_TREE, ImageStatus.REPAIRABLE)

    def test_a_missing_one_whose_decrypted_content_is_here_keeps_docker_from_nothing(self, tmp_path: Path) -> None:
        image = small_image()
        value = image.manifest_value()
        value["layers"][0] |= descriptor_of(f"{media_types.OCI_LAYER}+encrypted", noise(4000, "secret"))
        folder = write_artifactory_folder(image.with_manifest(value), tmp_path)
        image.layer_path(folder).write_bytes(image.diffs[0])
        plan, _ = looked_at(tmp_path)
        assert outputs(plan) == (Fidelity.SAME_IMAGE, Fidelity.EXACT)


class TestWhatHoldsNoTar:
    @pytest.mark.parametrize("content", [WASM, b"GGUF" + noise(9000), b'{"stop": ["</s>"]}', b"{{ .Prompt }}"])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
    def test_is_an_artifact_by_its_first_bytes_whatever_its_media_types_say(
        self, tmp_path: Path, content: bytes, pack: Callable[[bytes], bytes]
    ) -> None:
        image = make_image_of_tars([content], layers=[pack(content)])
        plan, codes = looked_at(write_artifactory_folder(image, tmp_path))
        assert plan.kind is ImageKind.ARTIFACT
        assert "BF408" in codes
        assert (outputs(plan), status_of(plan, LINUX)) == (ONLY_TREE, ImageStatus.INTACT)

    def test_is_an_artifact_by_media_types_where_its_layers_are_missing(self, tmp_path: Path) -> None:
        image = make_image_of_tars([WASM], layers=[WASM], layer_types=["application/vnd.wasm.content.layer.v1+wasm"])
        image.layer_path(write_artifactory_folder(image, tmp_path)).unlink()
        assert looked_at(tmp_path)[0].kind is ImageKind.ARTIFACT

    @pytest.mark.parametrize("tar", [b"", bytes(1024), bytes(10240), tar_of({"a": b""})])
    @pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
    def test_an_empty_tar_is_a_layer(self, tmp_path: Path, tar: bytes, pack: Callable[[bytes], bytes]) -> None:
        plan, _ = looked_at(write_artifactory_folder(make_image_of_tars([tar], layers=[pack(tar)]), tmp_path))
        assert (plan.kind, outputs(plan)) == (ImageKind.IMAGE, BOTH)

    def test_a_tar_under_a_media_type_of_its_own_is_a_layer(self, tmp_path: Path) -> None:
        image = small_image(layer_types=["application/vnd.example.rootfs.tar+gzip"] * 2)
        assert outputs(looked_at(write_artifactory_folder(image, tmp_path))[0]) == BOTH

    @pytest.mark.parametrize("media_type", ["application/octet-stream", "application/json", "text/html"])
    def test_a_config_under_a_type_that_docker_takes_makes_an_image(self, tmp_path: Path, media_type: str) -> None:
        value = small_image().manifest_value()
        value["config"]["mediaType"] = media_type
        plan, codes = looked_at(write_artifactory_folder(small_image().with_manifest(value), tmp_path))
        assert isinstance(plan.parsed, ImageManifest)
        assert (plan.kind, plan.image_id) == (ImageKind.IMAGE, plan.parsed.config.digest)
        assert (outputs(plan), codes) == (BOTH, ["BF307"])

    def test_another_document_under_such_a_type_makes_an_artifact(self, tmp_path: Path) -> None:
        image = small_image().with_config(b'{"name": "chart"}')
        value = image.manifest_value()
        value["config"]["mediaType"] = "application/octet-stream"
        assert looked_at(write_artifactory_folder(image.with_manifest(value), tmp_path))[0].kind is ImageKind.ARTIFACT


class TestDiffIds:
    def test_of_compressed_layers_are_found_without_unpacking(self, tmp_path: Path) -> None:
        image = small_image()
        value = image.config_value()
        value["rootfs"]["diff_ids"] = [str(Digest.of(layer)) for layer in image.layers]
        for deep in (False, True):
            folder = tmp_path / str(deep)
            write_artifactory_folder(image.with_config(as_json(value)), folder)
            plan, codes = looked_at(folder, deep=deep)
            assert plan.flaws == (DiffIdsOfCompressed((0, 1)),)
            assert codes.count("BF414") == 1
            assert "BF403" not in codes
            assert outputs(plan) == ONLY_TREE

    def test_of_compressed_layers_are_found_where_no_manifest_is(self, tmp_path: Path) -> None:
        image = small_image()
        value = image.config_value()
        value["rootfs"]["diff_ids"][0] = str(Digest.of(image.layers[0]))
        folder = write_artifactory_folder(small_image().with_config(as_json(value)), tmp_path)
        (folder / "manifest.json").unlink()
        for deep in (False, True):
            plan, codes = looked_at(folder, deep=deep)
            assert plan.flaws == (DiffIdsOfCompressed((0,)),)
            assert codes.count("BF414") == 1
            assert plan.config
            assert plan.layers[1].diff_id == plan.config.diff_ids[1]
            assert fidelity(plan, OutputKind.DOCKER, LINUX) is Fidelity.NONE

    def test_of_plain_layers_are_the_layers_own(self, tmp_path: Path) -> None:
        tars = [tar_of({"a": b"a"})]
        image = make_image_of_tars(tars, "none")
        assert looked_at(write_artifactory_folder(image, tmp_path))[0].flaws == ()

    def test_a_wrong_one_of_a_plain_layer_is_found_without_unpacking(self, tmp_path: Path) -> None:
        tars = [tar_of({"a": b"a"}), tar_of({"b": b"b"})]
        value = make_image_of_tars(tars[::-1]).config_value()
        image = make_image_of_tars(tars, "none").with_config(as_json(value))
        plan, codes = looked_at(write_artifactory_folder(image, tmp_path))
        assert [type(flaw) for flaw in plan.flaws] == [DiffIdMismatch] * 2
        assert codes.count("BF403") == 2
        assert outputs(plan) == ONLY_TREE

    def test_that_nobody_can_check_are_no_promise(self, tmp_path: Path) -> None:
        value = small_image().config_value()
        value["rootfs"]["diff_ids"][0] = f"sha512:{'a' * 128}"
        plan, _ = looked_at(write_artifactory_folder(small_image().with_config(as_json(value)), tmp_path))
        assert plan.flaws == (UncheckableDiffIds(),)
        assert outputs(plan) == ONLY_TREE


@pytest.mark.parametrize(("count", "told"), [(127, []), (128, ["BF413"])])
def test_docker_stacks_127_layers(tmp_path: Path, count: int, told: list[str]) -> None:
    tar = tar_of({"a": b"a"})
    image = make_image_of_tars([tar] * count)
    case = case_of(write_artifactory_folder(image, tmp_path))
    assert troubles(tuple(find_all(case))) == told
    assert outputs(case.plan.images[0]) == BOTH
    assert status_of(case.plan.images[0], LINUX) is ImageStatus.INTACT


@pytest.mark.parametrize(("history", "flaws"), [([{}] * 3, (TooMuchHistory(3, 2),)), ([{}] * 2, ()), ([], ())])
def test_docker_counts_the_steps_of_the_history(tmp_path: Path, history: list[object], flaws: tuple[object]) -> None:
    steps = [{"empty_layer": True}, *history, {"empty_layer": True}]
    image = make_image_of_tars([tar_of({"a": b"a"}), tar_of({"b": b"b"})])
    config = as_json(image.config_value() | {"history": steps})
    plan, codes = looked_at(write_artifactory_folder(image.with_config(config), tmp_path))
    assert plan.flaws == flaws
    assert codes.count("BF306") == len(flaws)
    assert outputs(plan) == (ONLY_TREE if flaws else BOTH)
