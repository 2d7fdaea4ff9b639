"""What a program may import: ``import blobfix`` gives the same names. docs/library.md shows them at work.

Everything is a frozen value or a plain function. Nothing here prints, sets a signal handler or keeps a state, and
all that goes wrong is a BlobfixError, whose subclasses are in ``errors``. Paths are texts or ``os.PathLike``; what
is read, and where trees and layouts go, may be a bucket.
"""

from __future__ import annotations

from importer import errors
from importer.api.scanning import open_blob, scan
from importer.api.trees import TreeReport, check_tree
from importer.api.writing import Written, write
from importer.errors import BlobfixError
from importer.report.values import Image, Report
from importer.writers.destinations.build_context import BuildContext
from importer.writers.destinations.docker_tar import DockerTar
from importer.writers.destinations.oci_layout import OciLayout
from importer.writers.destinations.registry_tree import RegistryTree

__all__ = [
    "BlobfixError",
    "BuildContext",
    "DockerTar",
    "Image",
    "OciLayout",
    "RegistryTree",
    "Report",
    "TreeReport",
    "Written",
    "check_tree",
    "errors",
    "open_blob",
    "scan",
    "write",
]
