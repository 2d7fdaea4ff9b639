"""``scan`` and ``open_blob``."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import partial
from typing import BinaryIO

from importer.api.arguments import digest_of, places_of, several, typed
from importer.errors import InputError
from importer.investigation import Question, investigate
from importer.places.named import AnyPath, place_of
from importer.plan.blobs import ProvenBlob
from importer.progress import Progress, SilentProgress
from importer.report.values import Report
from importer.work.engines import executor_of
from importer.writers.block_stream import BlockStream
from importer.writers.narrowing import narrowed
from importer.writers.selection import Choice
from importer.writers.verifying_reader import VerifyingReader


def scan(
    *paths: AnyPath,
    borrow: Iterable[AnyPath] = (),
    digests: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Look at a download and explain it, as ``blobfix scan`` does; writes nothing.

    Args:
        paths: folders and archives that hold the download; none is the current folder.
        borrow: more places to find blobs in, of whose images nothing is said.
        digests: manifest digests that are known.
        progress: is told of each stretch of work and of its bytes; None: nobody is.

    Raises UsageError for a path that isn't there or a text that is no digest, and InputError for what can't be read.
    """
    with typed(InputError), executor_of(None, progress or SilentProgress()) as executor:
        question = Question(
            places=places_of(paths) or (place_of(""),),
            borrowed=places_of(borrow),
            digests=tuple(map(digest_of, several(digests))),
        )
        return Report.of(investigate(question, executor, narrow=partial(narrowed, choice=Choice())))


def open_blob(report: Report, digest: str) -> BinaryIO:
    """Open a blob that an image of the report wants, repaired if need be, or a layer's content by its diff_id.

    The stream raises VerificationError instead of ending when the bytes aren't those of the digest, and InputError
    when a file can no longer be read. Use it as a context manager; it reads front to back only.

    Raises UsageError for what is no digest, and InputError for a blob that isn't here or is beyond repair.
    """
    wanted = digest_of(digest)
    for image in report.case.case.plan.images:
        for blob in image.all_blobs:
            for proven in (blob.exact, blob.content):
                if proven and proven.digest == wanted:
                    return _stream(proven, VerifyingReader(report.case.opener))
    raise InputError(f"{wanted}: is missing or damaged beyond repair; the report's downloads list what to fetch")


def _stream(blob: ProvenBlob, reader: VerifyingReader) -> BinaryIO:
    return io.BufferedReader(BlockStream(reader.blocks(blob)))
