"""The commands that take the files out of a damaged layer do so."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import damage
from tests.damage import Damage
from tests.images.content import sample_layers
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import run

FILES = sample_layers("salvage", 90_000)
DAMAGES: list[Damage] = [
    lambda path: damage.cut_at(path, 5000),
    lambda path: damage.zero_range(path, 5000),
]


@pytest.mark.parametrize("happens", DAMAGES, ids=["cut", "zeros"])
@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_whole_files_come_out(compression: str, happens: Damage, tmp_path: Path) -> None:
    image = make_image(FILES, compression, docker=False)
    folder = write_artifactory_folder(image, tmp_path / "a folder's name")
    happens(folder / image.layer_digests[1].file_name)
    text = run("scan", folder, "--salvage", "--no-progress").stdout.decode()
    command = next(line.strip() for line in text.splitlines() if line.endswith("| tar -xf -"))
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["/bin/sh", "-c", command], cwd=out, capture_output=True, timeout=30, check=False)
    report = json.loads(run("scan", folder, "--salvage", "--no-progress", "--format", "json").stdout)
    (salvaged,) = [blob["files"] for blob in report["images"][0]["blobs"] if "files" in blob]
    whole = [entry["name"] for entry in salvaged if entry["state"] == "whole" and not entry["name"].endswith("/")]
    assert whole
    assert {name: (out / name).read_bytes() for name in whole} == {name: FILES[1][name] for name in whole}
    assert shlex.quote(str(folder / image.layer_digests[1].file_name)) in command
