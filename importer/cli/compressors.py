"""``blobfix compressors``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from importer.cli.console import page_for_stdout
from importer.cli.options import TextOrJson
from importer.errors import DecodeError, InputError
from importer.recompression import KnownCompressor, Recognition, recognise
from importer.report.page import Page, Styled

EXAMPLES: Final = """\b
Examples:
  blobfix compressors ./downloads/sha256__4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a
"""


def compressors(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A gzip file, such as a layer.", readable=False)],
    format: Annotated[TextOrJson, typer.Option("--format", help="The answer's format.")] = TextOrJson.TEXT,  # noqa: A002
) -> None:
    """Identify the program that wrote a gzip file by reproducing it byte for byte."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise InputError(f"{file}: can only be read once, but must be read several times; save it to a file first")
    try:
        recognition = recognise(lambda: file.open("rb"))
    except DecodeError as error:
        raise DecodeError(f"{file}: is not a complete gzip file: {error}") from error
    except OSError as error:
        raise InputError(f"{file}: can't be read: {error.strerror}") from error
    if format is TextOrJson.JSON:
        typer.echo(json.dumps(_json_of(recognition), indent=2, ensure_ascii=False))
    else:
        _print(page_for_stdout(), recognition)


def _json_of(recognition: Recognition) -> dict[str, Any]:
    return {
        "single": recognition.is_single,
        "known_header": recognition.is_known_header,
        "compressors": [{"name": known.name, "used_by": known.writers} for known in recognition.compressors],
    }


def _print(page: Page, recognition: Recognition) -> None:
    if not recognition.is_single:
        page.line("The file has several gzip members or trailing bytes; no known compressor writes that.")
    elif not recognition.compressors:
        page.line("No known compressor writes these bytes.")
    for known in recognition.compressors:
        page.line(Styled(known.name, "bold"), _users(known), hang=2)
    if recognition.compressors and not recognition.is_known_header:
        page.line("The file's gzip header differs from the one that these programs write.")


def _users(known: KnownCompressor) -> str:
    return f"  (used by {', '.join(known.writers)})" if known.writers else ""
