"""Downloads that were resumed at the wrong place, or through an error page, give the blob back by its digest alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.domain.descriptor import Descriptor
from importer.domain.digest import Digest
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts, inspect_file
from importer.places.address import Literal
from importer.places.opener import Opener
from importer.recovery.blobs.candidates import Candidates
from importer.recovery.blobs.repairs import Wanted, overlapping_pieces
from importer.sources.source_file import SourceFile
from importer.work.task import Tools
from tests import damage
from tests.images.content import noise, sample_layers, strange
from tests.images.generated import make_image, write_artifactory_folder
from tests.in_process import scan

BLOB = b"\x1f\x8b\x08\x00" + noise(40_000, "blob")
NAME = Digest.of(BLOB).file_name
PAGES = (
    b"<html><body><h1>502 Bad Gateway</h1></body></html>\r\n" * 3,
    b"<!DOCTYPE html>\n<title>Anmelden</title>\n<p>" + "Ihre Sitzung ist ungültig. ".encode() * 9 + b"</p>\n</html>\n",
    b'HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n{"errors":[{"code":"UNAVAILABLE"}]}',
    b"upstream connect error or disconnect/reset before headers",
    b"HTTP/1.1 206 Partial Content\r\nContent-Type: application/octet-stream\r\n\r\n",
)


def examiner() -> Examiner:
    return Examiner(Tools(Opener()))


def facts_of(content: bytes) -> FileFacts:
    return inspect_file(SourceFile(NAME, (NAME,), len(content), Literal(content)), Opener())


def made_of(content: bytes) -> list[bytes]:
    """What the repair proposes for a file of the blob's name."""
    wanted = Wanted(Descriptor("", Digest.of(BLOB), len(BLOB)), Candidates([facts_of(content)]), False, examiner())
    return [b"".join(Opener().blocks(attempt.recipe)) for attempt in overlapping_pieces.attempts(wanted)]


@given(at=st.integers(16, len(BLOB)), length=st.integers(16, len(BLOB)))
@settings(max_examples=60)
def test_a_repeated_range_is_left_out(at: int, length: int) -> None:
    length = min(at, length)
    assert BLOB in made_of(BLOB[:at] + BLOB[at - length :])


@given(at=st.integers(5, len(BLOB)), page=st.sampled_from(PAGES))
@settings(max_examples=60)
def test_a_message_in_the_middle_is_left_out(at: int, page: bytes) -> None:
    assert BLOB in made_of(BLOB[:at] + page + BLOB[at:])


@given(content=st.binary(max_size=400), at=st.integers(0, len(BLOB)))
@settings(max_examples=60)
def test_every_proposal_has_the_size_and_there_are_few(content: bytes, at: int) -> None:
    made = made_of(BLOB[:at] + content + BLOB[at:])
    assert all(len(each) == len(BLOB) for each in made)
    assert len(made) <= 32


@pytest.mark.parametrize("content", [b"\0" * 90_000, b"a" * 90_000, BLOB * 2 + b"x", b" \n" * 41_000])
def test_files_of_nothing_but_repeats_and_texts_end_soon(content: bytes) -> None:
    assert len(made_of(content)) < 200


def test_what_isnt_proven_isnt_used(tmp_path: Path) -> None:
    image = make_image(sample_layers("resumed", 60_000), pack=strange)
    folder = write_artifactory_folder(image, tmp_path / "team" / "app" / "1.4")
    layer = damage.flip_byte(damage.resume_too_early(image.layer_path(folder, 0), 9000, 2048), 50)
    seen = scan(folder)
    assert seen.code == 4
    assert seen.report["downloads"][0]["file_name"] == layer.name
