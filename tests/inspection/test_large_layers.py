"""A layer that unpacks to more than any disk holds is refused where it would be unpacked, and kept where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.places import opener
from tests.blobfix import Result
from tests.images.content import sample_layers
from tests.images.generated import GeneratedImage, make_image, make_image_of_tars, write_artifactory_folder
from tests.in_process import run

_BLOCK = 128 << 10
_BOUND = 64 << 20


def zstd_of_zeros(size: int) -> bytes:
    """A frame of blocks that each say one byte 131,072 times: 4 bytes of input each (RFC 8878, 3.1.1.2)."""
    block, last = ((_BLOCK << 3 | 2 | is_last).to_bytes(3, "little") + b"\0" for is_last in (0, 1))
    return b"\x28\xb5\x2f\xfd" + bytes([0, 0x70]) + block * (size // _BLOCK - 1) + last


def image_with(layer: bytes) -> GeneratedImage:
    """An image whose second layer is this; the config knows nothing of its size, as configs do."""
    image = make_image(sample_layers("large", 9_000)[:2], "zstd", docker=False)
    return make_image_of_tars(image.diffs, "zstd", docker=False, layers=(image.layers[0], layer))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(opener, "_LARGEST", _BOUND)
    image = image_with(zstd_of_zeros(1 << 40))
    return write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4").parents[2]


def check_refusal(outcome: Result, out: Path) -> None:
    assert outcome.code == 4
    assert "unpack to more than 67," in outcome.output
    assert "to-oci-layout" in outcome.output
    assert not out.exists()


def test_a_docker_tar(folder: Path, tmp_path: Path) -> None:
    check_refusal(run("to-docker-tar", folder, "-o", tmp_path / "out.tar"), tmp_path / "out.tar")


@pytest.mark.parametrize("options", [(), ("--squash",)], ids=["layers", "squash"])
def test_a_build_context(folder: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    check_refusal(run("to-build-context", folder, "-o", tmp_path / "out", *options), tmp_path / "out")


@pytest.mark.parametrize("command", ["to-oci-layout", "to-registry-tree"])
def test_what_needs_no_unpacking_takes_it(folder: Path, tmp_path: Path, command: str) -> None:
    assert run(command, folder, "-o", tmp_path / "out").code == 0


def test_a_disk_of_zeros_is_no_attack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Below the bound nothing is asked, however well it is packed."""
    monkeypatch.setattr(opener, "_LARGEST", _BOUND)
    image = make_image([{"disk.img": bytes(_BOUND - (1 << 20))}], "zstd", docker=False)
    folder = write_artifactory_folder(image, tmp_path / "in" / "team" / "app" / "1.4")
    assert run("to-docker-tar", folder.parents[2], "-o", tmp_path / "out.tar").code == 0
