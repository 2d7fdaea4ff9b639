"""Recipes: how the bytes of a blob come about, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from importer.formats.signatures import FileKind
from importer.sources.source_file import SourceFile

if TYPE_CHECKING:
    # Only a layer that lost its compression has any use for the encoders; nothing else loads them.
    from importer.recompression import Compressor, GzipHeader


@dataclass(frozen=True, slots=True)
class Whole:
    """A file as it is."""

    file: SourceFile


@dataclass(frozen=True, slots=True)
class Part:
    """``length`` bytes of what another recipe makes, from ``start`` on."""

    whole: Recipe
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that are built in or restored from a small document."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several recipes, one after the other."""

    pieces: tuple[Recipe, ...]


@dataclass(frozen=True, slots=True)
class Decompressed:
    """What comes out of another recipe's bytes when they are decompressed once."""

    packed: Recipe
    kind: FileKind


@dataclass(frozen=True, slots=True)
class Recompressed:
    """The gzip file that a compressor makes of another recipe's bytes, behind a header."""

    plain: Recipe
    compressor: Compressor
    header: GzipHeader


Recipe = Whole | Part | Literal | Joined | Decompressed | Recompressed


def files_of(recipe: Recipe) -> tuple[SourceFile, ...]:
    """The files that a recipe reads, in order."""
    match recipe:
        case Whole(file):
            return (file,)
        case Part(whole):
            return files_of(whole)
        case Joined(pieces):
            return tuple(file for piece in pieces for file in files_of(piece))
        case Decompressed(packed):
            return files_of(packed)
        case Recompressed(plain):
            return files_of(plain)
    return ()


def on(base: Recipe, recipe: Recipe) -> Recipe:
    """What a recipe for a single file makes when that file's bytes come about by another recipe."""
    match recipe:
        case Whole():
            return base
        case Part(whole, start, length):
            return Part(on(base, whole), start, length)
        case Joined(pieces):
            return Joined(tuple(on(base, piece) for piece in pieces))
        case Decompressed(packed, kind):
            return Decompressed(on(base, packed), kind)
        case Recompressed(plain, compressor, header):
            return Recompressed(on(base, plain), compressor, header)
    return recipe
