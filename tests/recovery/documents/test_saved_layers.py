"""A hurt layer of a docker save: manifest.json says which file it is, and the config's diff_id what it should be."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import damage
from tests.images.content import sample_layers, text
from tests.images.generated import make_image
from tests.in_process import Scan, run, scan

IMAGE = make_image([{"first": b"1"}, {"big": text("saved", 60_000)}, {"last": b"3"}], "none")
HURT = 1
FORMS: dict[str, Callable[[int], str]] = {
    "old": lambda position: f"{position:064x}/layer.tar",
    "docker-25": lambda position: f"blobs/sha256/{IMAGE.layer_digests[position].hex}",
}


def save(folder: Path, form: str) -> Path:
    """Unpack what docker save writes; gives the file of the layer that is to be hurt."""
    names = [FORMS[form](position) for position in range(len(IMAGE.layers))]
    config = f"{IMAGE.image_id.hex}.json" if form == "old" else f"blobs/sha256/{IMAGE.image_id.hex}"
    for name, content in zip((config, *names), (IMAGE.config, *IMAGE.layers), strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    entry = {"Config": config, "RepoTags": ["team/app:1.4"], "Layers": names}
    (folder / "manifest.json").write_text(json.dumps([entry]))
    return folder / names[HURT]


def of_layer(seen: Scan, layer: Path) -> list[dict[str, Any]]:
    return [one for one in seen.report["findings"] if one["path"] == str(layer)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("code", "happens"),
    [
        ("BF201", lambda layer: damage.cut_at(layer, 20_000)),
        ("BF201", lambda layer: damage.cut_at(layer, 1000)),
        ("BF203", lambda layer: damage.zero_range(layer, 20_000)),
        ("BF208", lambda layer: damage.flip_byte(layer, 30_000)),
        ("BF107", damage.replace_by_html_login_page),
        ("BF106", damage.empty),
    ],
)
def test_its_cause_is_named(form: str, code: str, happens: Callable[[Path], object], tmp_path: Path) -> None:
    layer = save(tmp_path, form)
    happens(layer)
    seen = scan(tmp_path)
    (finding,) = of_layer(seen, layer)
    assert (finding["code"], finding["severity"]) == (code, "error")
    assert "docker save" in finding["fix"]["summary"]
    assert " 0 bytes" not in finding["message"]
    assert not [entry for entry in seen.report["downloads"] if entry["command"]]
    assert seen.code == 4


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("extra", [b"\r\n", b"x" * 511, bytes(512), b"y" * 5120, bytes(70_000), IMAGE.layers[0]])
def test_bytes_after_its_end_are_left_out(form: str, extra: bytes, tmp_path: Path) -> None:
    layer = save(tmp_path / "save", form)
    layer.write_bytes(IMAGE.layers[HURT] + extra)
    seen = scan(tmp_path / "save")
    (finding,) = of_layer(seen, layer)
    assert (finding["code"], finding["fix"]["safety"], seen.code) == ("BF204", "safe", 1)
    outcome = run("to-docker-tar", tmp_path / "save", "-o", tmp_path / "image.tar")
    assert outcome.code == 0, outcome.output
    with tarfile.open(tmp_path / "image.tar") as written:
        contents = [opened.read() for member in written.getmembers() if (opened := written.extractfile(member))]
    assert all(layer in contents for layer in (*IMAGE.layers, IMAGE.config))


def test_an_archive_that_ends_with_whole_records(tmp_path: Path) -> None:
    """GNU tar fills up its last record with zeros: they belong to the layer."""
    layer = save(tmp_path, "old")
    padded = IMAGE.layers[HURT] + bytes(-len(IMAGE.layers[HURT]) % 10_240)
    assert padded == IMAGE.layers[HURT]
    layer.write_bytes(padded + bytes(1024))
    assert scan(tmp_path).code == 1


def test_sample_layers_are_told_apart(tmp_path: Path) -> None:
    """Another layer under the name is no damage of this one's bytes, but its digest is told."""
    layer = save(tmp_path, "old")
    layer.write_bytes(make_image(sample_layers("other", 5000), "none").layers[0])
    (finding,) = of_layer(scan(tmp_path), layer)
    assert str(IMAGE.diff_ids[HURT]) in finding["message"]
