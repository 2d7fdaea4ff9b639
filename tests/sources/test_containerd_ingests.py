"""Downloads that containerd hasn't finished: ``ingest/<digest of the reference>/`` in its content store."""

from __future__ import annotations

from pathlib import Path

from importer.domain.digest import Digest
from tests.images.generated import GeneratedImage, make_image
from tests.in_process import scan

IMAGE = make_image([{f"file{number}": bytes(range(256)) * 40} for number in range(3)])


def write_store(image: GeneratedImage, store: Path) -> None:
    blobs = store / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for content in (image.manifest, image.config, image.layers[0]):
        (blobs / Digest.of(content).hex).write_bytes(content)


def write_ingest(store: Path, digest: Digest, content: bytes) -> Path:
    """As containerd does (content/local/writer.go); gives the file with the bytes that have come."""
    reference = f"layer-{digest}"
    folder = store / "ingest" / Digest.of(reference.encode()).hex
    folder.mkdir(parents=True)
    (folder / "ref").write_text(reference)
    (folder / "total").write_text(str(len(content)))
    (folder / "startedat").write_text("2024-01-02T03:04:05Z")
    (folder / "data").write_bytes(content)
    return folder / "data"


def test_beginnings_are_told_by_their_references(tmp_path: Path) -> None:
    write_store(IMAGE, tmp_path)
    cut = [write_ingest(tmp_path, IMAGE.layer_digests[n], IMAGE.layers[n][:60]) for n in (1, 2)]
    report = scan(tmp_path).report
    layers = [blob for blob in report["images"][0]["blobs"] if blob["role"] == "layer"]
    assert [layer["rule"] for layer in layers] == [None, "truncated", "truncated"]
    assert [layer["path"] for layer in layers[1:]] == [str(path) for path in cut]
    assert [download["have"] for download in report["downloads"]] == [60, 60]


def test_a_download_that_was_whole_but_not_committed_is_the_blob(tmp_path: Path) -> None:
    write_store(IMAGE, tmp_path)
    for number in (1, 2):
        write_ingest(tmp_path, IMAGE.layer_digests[number], IMAGE.layers[number])
    assert scan(tmp_path).report["images"][0]["status"] == "intact"


def test_without_its_reference_a_beginning_claims_nothing(tmp_path: Path) -> None:
    write_store(IMAGE, tmp_path)
    (write_ingest(tmp_path, IMAGE.layer_digests[1], IMAGE.layers[1][:60]).with_name("ref")).unlink()
    (tmp_path / "blobs" / "sha256" / IMAGE.layer_digests[2].hex).write_bytes(IMAGE.layers[2])
    (finding,) = [each for each in scan(tmp_path).report["findings"] if each["severity"] == "error"]
    assert (finding["code"], finding["certainty"]) == ("BF201", "inferred")
