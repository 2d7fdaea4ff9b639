"""Repairs: each proposes recipes for a blob that isn't simply there; a digest decides.

A repair is one module with a function ``attempts``. To add one, write the module and name it in
``ALL_REPAIRS``, at the place that its cost and its likelihood give it.
"""

from importer.recovery.blobs.repairs import (
    compressed_again,
    leading_data,
    overlapping_pieces,
    split_file,
    text_document,
    trailing_data,
    truncated_trailer,
)
from importer.recovery.blobs.repairs.attempt import Attempt, Repair, Wanted

ALL_REPAIRS: tuple[Repair, ...] = (
    text_document.attempts,
    compressed_again.attempts,
    truncated_trailer.attempts,
    trailing_data.attempts,
    leading_data.attempts,
    overlapping_pieces.attempts,
    split_file.attempts,
)

SINGLE_FILE_REPAIRS: tuple[Repair, ...] = tuple(repair for repair in ALL_REPAIRS if repair is not split_file.attempts)
"""Those that take a blob from one file."""

__all__ = ["ALL_REPAIRS", "SINGLE_FILE_REPAIRS", "Attempt", "Repair", "Wanted"]
