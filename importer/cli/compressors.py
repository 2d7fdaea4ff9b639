"""``blobfix compressors``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from importer.cli.console import page_for_stdout
from importer.errors import DecodeError, InputError
from importer.recompression import KnownCompressor, Recognition, recognise
from importer.report.page import Page, Styled

EXAMPLES: Final = """\b
Examples:
  blobfix compressors ./downloads/sha256__4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a
"""


def compressors(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A gzip file, a layer for instance.", readable=False)],
) -> None:
    """Tell which program wrote a gzip file, by writing it again, byte for byte."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise InputError(f"{file}: can be read only once, and is needed several times; save it to a file first")
    try:
        recognition = recognise(lambda: file.open("rb"))
    except DecodeError as error:
        raise DecodeError(f"{file}: is no whole gzip file: {error}") from error
    except OSError as error:
        raise InputError(f"{file}: can't be read: {error.strerror}") from error
    _print(page_for_stdout(), recognition)


def _print(page: Page, recognition: Recognition) -> None:
    if not recognition.is_single:
        page.line("The file is made of several gzip members, or more bytes follow it; no known compressor writes that.")
    elif not recognition.compressors:
        page.line("No known compressor writes these bytes.")
    for known in recognition.compressors:
        page.line(Styled(known.name, "bold"), _users(known), hang=2)
    if recognition.compressors and not recognition.is_known_header:
        page.line("The header of the file, its first bytes, is another than these programs are known to write.")


def _users(known: KnownCompressor) -> str:
    return f"  (used by {', '.join(known.writers)})" if known.writers else ""
