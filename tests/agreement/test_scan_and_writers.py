"""What a scan promises is what the writing commands do: for every case of the corpus, and every output."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.agreement.test_damage_corpus import FOLDERS, HOME, expected, input_of
from tests.in_process import run, scan

OUTPUTS = {"registry-tree": "tree", "docker-tar": "image.tar", "oci-layout": "layout"}
LAYOUT_ENTRIES = "manifests"


def standing(report: dict[str, Any], output: str) -> list[dict[str, Any]]:
    """The images that a command writes by itself: no children, and beside images no artifacts for docker."""
    referrers = {image["manifest_digest"] for image in report["images"] if image["kind"] == "artifact"}
    images = [image for image in report["images"] if image["parent"] is None]
    if output == "docker-tar":
        return [image for image in images if image["manifest_digest"] not in referrers] or images
    return images


def promised_exit_code(report: dict[str, Any], scan_code: int, images: list[dict[str, Any]], output: str) -> int:
    """The exit code that follows from the report."""
    is_unread = scan_code == 4 and any(f["code"] == "BF110" and f["severity"] == "error" for f in report["findings"])
    if not images:
        return 4 if is_unread else 3
    return 0 if all(image["outputs"][output] == "exact" for image in images) and not is_unread else 4


def written(output: str, place: Path) -> set[str]:
    """What was written, read back without our own code: manifest digests, or image ids of a docker tar."""
    if output == "registry-tree":
        return {path.read_text() for path in place.rglob("_manifests/tags/*/current/link")}
    if output == "oci-layout":
        return {entry["digest"] for entry in json.loads((place / "index.json").read_text())[LAYOUT_ENTRIES]}
    with tarfile.open(place) as opened:
        documents = {m.name: stream.read() for m in opened if m.size < 1 << 20 and (stream := opened.extractfile(m))}
    entries = json.loads(documents["manifest.json"])
    return {f"sha256:{hashlib.sha256(documents[entry['Config']]).hexdigest()}" for entry in entries}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", FOLDERS)
def test_the_writer_does_what_the_report_promises(name: str, output: str, tmp_path: Path) -> None:
    place = input_of(HOME / name, tmp_path)
    # What the user says on the command line counts for both.
    options = [one for one in expected(HOME / name, 1)["options"] if one != "--salvage"]
    seen = scan(place, *options)
    images = standing(seen.report, output)
    deep = scan(place, "--deep", *options)
    assert [image["outputs"] for image in deep.report["images"]] == [i["outputs"] for i in seen.report["images"]]
    assert deep.code == seen.code
    target = tmp_path / OUTPUTS[output]
    names = ["--name-template", "some/{image_id}"] if any(not image["name"] for image in images) else []
    outcome = run(f"to-{output}", place, "-o", target, *options, *names)
    assert outcome.code == promised_exit_code(seen.report, seen.code, images, output), outcome.output
    exact = [image for image in images if image["outputs"][output] == "exact"]
    if not exact:
        assert not target.exists()
        return
    key = "image_id" if output == "docker-tar" else "manifest_digest"
    wanted = {image[key] for image in exact if image["kind"] != "index" or output != "docker-tar"}
    assert wanted <= written(output, target)
