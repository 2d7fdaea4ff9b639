"""Files in which a blob lies in a transfer coding, or was rewritten by a program that took it for text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from importer.formats.signatures import COMPRESSED_KINDS, DOCUMENT_KINDS, HEAD_SIZE, TAR_BLOCK, FileKind, kind_of_head
from importer.formats.transfer_codings.coding import RECODINGS, TransferCoding
from importer.formats.transfer_codings.marks import codings_shown, decoded_start
from importer.inspection.examiner import Examiner
from importer.inspection.file_facts import FileFacts
from importer.places.address import Address, Decoded
from importer.plan.causes import Cause, Recoded, Replaced, TransferEncoded
from importer.recovery.blobs.candidates import claim_of
from importer.sources.encoded_archives import was_replaced

_BLOB_KINDS: Final = COMPRESSED_KINDS | {FileKind.TAR, FileKind.JSON}

GUESSES: Final = frozenset({Recoded(TransferCoding.CRLF_TO_LF)})
"""What may have happened to a file without leaving a mark in it."""


def may_be_recoded(fact: FileFacts) -> bool:
    """Whether a file has the beginning of a blob and is broken, as when a program rewrote it as text."""
    if fact.kind is FileKind.TAR:
        return fact.size % TAR_BLOCK != 0 or claim_of(fact) is not None
    return fact.kind in COMPRESSED_KINDS and not (fact.content and fact.content.is_whole)


def decodings(fact: FileFacts, head: bytes) -> Iterator[tuple[Address, Cause]]:
    """What a file's bytes stand for, in each coding that its beginning (64 KiB) shows."""
    for coding in codings_shown(head):
        if _may_be(coding, fact, head):
            yield Decoded(fact.file.address, coding), cause_of_coding(coding)


def cause_of_coding(coding: TransferCoding) -> Cause:
    """What happened to a blob that is in a coding."""
    return Recoded(coding) if coding in RECODINGS else TransferEncoded(coding)


def loss_by_recoding(fact: FileFacts, examiner: Examiner) -> Cause | None:
    """The cause where bytes were lost for ever because a program took the file for text; None for any other file."""
    may_be = fact.kind in (FileKind.DATA, FileKind.TEXT) or may_be_recoded(fact)
    return Replaced() if may_be and was_replaced(fact.file.address, examiner.opener) else None


def _may_be(coding: TransferCoding, fact: FileFacts, head: bytes) -> bool:
    # Each text has lines, and in binary data no rewriting but LF to CRLF leaves a mark.
    if coding is TransferCoding.LF_TO_CRLF and not (may_be_recoded(fact) or fact.kind is FileKind.DATA):
        return False
    if coding is TransferCoding.CRLF_TO_LF and not (may_be_recoded(fact) and fact.kind is FileKind.TAR):
        return False
    start = decoded_start(head, coding)[:HEAD_SIZE]
    kind = kind_of_head(start)
    is_text = kind in (FileKind.TEXT, FileKind.DATA) and any(codings_shown(start))
    return claim_of(fact) is not None or kind in _BLOB_KINDS | DOCUMENT_KINDS or is_text
