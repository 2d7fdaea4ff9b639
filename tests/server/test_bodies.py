"""What the bodies of answers are read in."""

from __future__ import annotations

from pathlib import Path

from importer.domain.digest import Digest
from importer.places.address import FileOnDisk
from importer.places.opener import Opener
from importer.plan.blobs import ProvenBlob
from importer.server.bodies import body_of


def test_a_body_is_read_in_few_steps_as_each_is_one_of_a_thread(tmp_path: Path) -> None:
    content = bytes(range(256)) * (3 << 13)
    path = tmp_path / "blob"
    path.write_bytes(content)
    blob = ProvenBlob(Digest.of(content), len(content), FileOnDisk(str(path)))
    blocks = list(body_of(blob, Opener(), 1, len(content)))
    assert b"".join(blocks) == content[1:]
    assert len(blocks) == len(content) >> 19
