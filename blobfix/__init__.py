"""Get a container image back from the wreckage of a failed download: what a program may import.

The names are those of ``importer.api``, which is loaded when the first of them is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from importer import __version__ as __version__

if TYPE_CHECKING:
    from importer.api import BlobfixError as BlobfixError
    from importer.api import BuildContext as BuildContext
    from importer.api import DockerTar as DockerTar
    from importer.api import Image as Image
    from importer.api import OciLayout as OciLayout
    from importer.api import RegistryTree as RegistryTree
    from importer.api import Report as Report
    from importer.api import TreeReport as TreeReport
    from importer.api import Written as Written
    from importer.api import check_tree as check_tree
    from importer.api import errors as errors
    from importer.api import open_blob as open_blob
    from importer.api import scan as scan
    from importer.api import write as write

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


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("importer.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
